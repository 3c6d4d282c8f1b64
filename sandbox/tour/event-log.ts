import { text } from '../aws/wire/params.ts';
import { alertLine, decisionLine, mail, type Print } from './print.ts';
import type { Scenario } from './scenario.ts';

/** Prints what was decided and told since it last did; the first message of some schemas in full. */
export class EventLog {
  readonly #scenario: Scenario;
  readonly #inFull: Set<string>;
  readonly #print: Print;
  #decisions = 0;
  #alerts = 0;

  public constructor(scenario: Scenario, inFull: readonly string[], print: Print) {
    this.#scenario = scenario;
    this.#inFull = new Set(inFull);
    this.#print = print;
  }

  public tell(): void {
    for (const decided of this.#scenario.decided().slice(this.#decisions)) {
      this.#decisions += 1;
      this.#print(decisionLine(decided));
    }
    for (const message of this.#scenario.mailbox().slice(this.#alerts)) {
      this.#alerts += 1;
      const schema = text(JSON.parse(message.json.Message), 'schema') ?? '';
      this.#print(this.#inFull.delete(schema) ? mail(message) : alertLine(message));
    }
  }
}
