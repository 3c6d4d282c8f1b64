import { readFileSync, writeFileSync } from 'node:fs';
import { REGIONS_CONTEXT } from '../../lambda/contract.ts';
import { REGION } from '../../lambda/core/target.ts';
import { UsageError } from '../shared/command.ts';
import { said } from '../replay/files.ts';

/** What the CDK keeps beside `cdk.json` about the account. */
type Context = Readonly<Record<string, unknown>>;

/**
 * Reads the context file; empty if there is none.
 *
 * @throws UsageError if it holds no JSON object.
 */
export function readContext(path: string): Context {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new UsageError(`${JSON.stringify(path)} ${said(error)}`);
  }
  const context = jsonIn(text);
  if (typeof context === 'object' && context !== null && !Array.isArray(context)) return context as Context;
  throw new UsageError(
    `${JSON.stringify(path)} is no JSON object; accepted: the cdk.context.json of a CDK app, or no file`,
  );
}

/** The regions in a context, the home region first; none if it has none that can be read. */
export function regionsIn(context: Context): readonly string[] {
  const stored = context[REGIONS_CONTEXT];
  const names: readonly unknown[] = Array.isArray(stored) ? stored : [];
  return names.filter((name): name is string => typeof name === 'string' && REGION.test(name));
}

/** Stores the regions, and leaves everything else in the file as it is. */
export function writeRegions(path: string, context: Context, regions: readonly string[]): void {
  try {
    writeFileSync(path, `${JSON.stringify({ ...context, [REGIONS_CONTEXT]: regions }, null, 2)}\n`);
  } catch (error) {
    throw new UsageError(`${JSON.stringify(path)} cannot be written: ${(error as Error).message}`);
  }
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
