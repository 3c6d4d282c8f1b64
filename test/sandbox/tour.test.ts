import { stripVTControlCharacters } from 'node:util';
import { showingProgress } from '../../sandbox/print.ts';
import { EventLog } from '../../sandbox/tour/event-log.ts';
import { caseLines, type PlayedCase } from '../../sandbox/tour/print.ts';
import type { LoggedOutcome, Scenario } from '../../sandbox/tour/scenario.ts';

const played = (title: string, ...checks: readonly boolean[]): PlayedCase => ({
  title,
  expectation: {
    instances: [],
    checks: checks.map((passed, index) => ({ what: `check ${index + 1}`, passes: () => passed })),
    isDone: () => true,
  },
  scenario: {} as Scenario,
});

describe('the end of the tour', () => {
  const cases = [played('all is well', true, true), played(`a title that is ${'very '.repeat(30)}long`, true, false)];
  const lines = (verbose: boolean) => caseLines(cases, 80, verbose).map(stripVTControlCharacters);

  it('is one line for each case that passed, within the terminal, and the problems of the others', () => {
    expect(lines(false)).toEqual([
      'ok      1  all is well',
      expect.stringMatching(/^FAILED {2}2 {2}a title that is very .*…$/),
      '           failed: check 2',
    ]);
    expect(lines(false).filter((line) => line.length > 80)).toEqual([]);
  });

  it('lists the checks that passed, too, with --verbose', () => {
    expect(lines(true)).toHaveLength(6);
    expect(lines(true).slice(0, 3)).toEqual(['ok      1  all is well', '           check 1', '           check 2']);
  });
});

describe('the event log', () => {
  const outcome = (instanceId: string): LoggedOutcome => ({
    instanceId,
    status: 'skipped',
    reason: 'compliant',
    trigger: 'running',
    severity: 'LOW',
  });
  const printed: string[] = [];
  const outcomes: LoggedOutcome[] = [];
  const scenario = { outcomes: () => outcomes, mailbox: () => [] } as unknown as Scenario;
  const log = new EventLog(scenario, (line = '') => printed.push(stripVTControlCharacters(line).trim()));
  const newLines = () => printed.splice(0);

  it('names the case of an instance of an earlier case, counts what repeats, and says if a case had nothing', () => {
    log.begin(1);
    outcomes.push(outcome('i-1'));
    log.end([{ id: 'i-1', HttpTokens: 'required' }]);
    expect(newLines()).toEqual(['running  i-1  skipped (compliant)']);
    log.begin(2);
    outcomes.push(outcome('i-1'), outcome('i-1'), outcome('i-1'));
    log.end([]);
    expect(newLines()).toEqual([
      'running  i-1  skipped (compliant) (case 1)',
      '2 more of these',
      'no outcome, no alert',
    ]);
  });
});

test('progress is shown once nothing was printed for two seconds', () => {
  jest.useFakeTimers();
  const shown: string[] = [];
  const screen = showingProgress(
    { print: () => undefined, progress: (text) => void shown.push(text), columns: 80 },
    () => 'case 1',
  );
  jest.advanceTimersByTime(1_900);
  screen.print('a line');
  jest.advanceTimersByTime(1_900);
  expect(shown).toEqual([]);
  jest.advanceTimersByTime(200);
  expect(shown).toEqual(['2 s: case 1']);
  screen.stop();
  jest.advanceTimersByTime(9_000);
  expect(shown).toEqual(['2 s: case 1', '']);
  jest.useRealTimers();
});
