import { text } from '../aws/wire/params.ts';
import type { Print } from '../print.ts';
import type { ExpectedInstance } from './case.ts';
import { alertLine, email, outcomeLine } from './print.ts';
import type { Scenario } from './scenario.ts';

/** Prints outcomes and alerts of a scenario as they appear. */
export class EventLog {
  readonly #scenario: Scenario;
  readonly #print: Print;
  readonly #schemasInFull: Set<string>;
  readonly #caseOf = new Map<string, number>();
  #printedOutcomes = 0;
  #printedAlerts = 0;
  #case = 0;
  #isSilent = true;
  #last = '';
  #repeated = 0;

  /** @param schemasInFull schemas of which the first message is printed in full. */
  public constructor(scenario: Scenario, print: Print, schemasInFull: readonly string[] = []) {
    this.#scenario = scenario;
    this.#print = print;
    this.#schemasInFull = new Set(schemasInFull);
  }

  /** Begins a case: outcomes of instances of earlier ones are marked. */
  public begin(number: number): void {
    this.printNew();
    this.#case = number;
    this.#isSilent = true;
  }

  /** Ends a case, and says so if it had no outcome and no alert. */
  public end(instances: readonly ExpectedInstance[]): void {
    this.printNew();
    for (const { id } of instances) if (!this.#caseOf.has(id)) this.#caseOf.set(id, this.#case);
    this.#flush();
    if (this.#isSilent) this.#print('    no outcome, no alert');
  }

  /** Prints everything since the last call. */
  public printNew(): void {
    for (const outcome of this.#scenario.outcomes().slice(this.#printedOutcomes)) {
      this.#printedOutcomes += 1;
      const earlier = this.#caseOf.get(outcome.instanceId);
      this.#printOnce(outcomeLine(outcome) + (earlier === undefined ? '' : ` (case ${earlier})`));
      this.#isSilent &&= earlier !== undefined;
    }
    for (const message of this.#scenario.mailbox().slice(this.#printedAlerts)) {
      this.#printedAlerts += 1;
      this.#isSilent = false;
      const schema = text(JSON.parse(message.json.Message), 'schema') ?? '';
      this.#printOnce(this.#schemasInFull.delete(schema) ? email(message) : alertLine(message));
    }
  }

  /** Prints a line, which is only counted while it repeats. */
  #printOnce(line: string): void {
    if (line === this.#last) {
      this.#repeated += 1;
      return;
    }
    this.#flush();
    this.#print(line);
    this.#last = line;
  }

  #flush(): void {
    if (this.#repeated > 0) this.#print(`             ${this.#repeated} more of these`);
    this.#repeated = 0;
    this.#last = '';
  }
}
