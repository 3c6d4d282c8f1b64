import { text } from '../aws/wire/params.ts';
import type { Print } from '../print.ts';
import { alertLine, email, outcomeLine } from './print.ts';
import type { Scenario } from './scenario.ts';

/** Prints outcomes and alerts of a scenario as they appear. */
export class EventLog {
  readonly #scenario: Scenario;
  readonly #print: Print;
  readonly #schemasInFull: Set<string>;
  #printedOutcomes = 0;
  #printedAlerts = 0;

  /** @param schemasInFull schemas of which the first message is printed in full. */
  public constructor(scenario: Scenario, print: Print, schemasInFull: readonly string[] = []) {
    this.#scenario = scenario;
    this.#print = print;
    this.#schemasInFull = new Set(schemasInFull);
  }

  /** Prints everything since the last call. */
  public printNew(): void {
    for (const outcome of this.#scenario.outcomes().slice(this.#printedOutcomes)) {
      this.#printedOutcomes += 1;
      this.#print(outcomeLine(outcome));
    }
    for (const message of this.#scenario.mailbox().slice(this.#printedAlerts)) {
      this.#printedAlerts += 1;
      const schema = text(JSON.parse(message.json.Message), 'schema') ?? '';
      this.#print(this.#schemasInFull.delete(schema) ? email(message) : alertLine(message));
    }
  }
}
