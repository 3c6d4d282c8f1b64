import { readFileSync, writeFileSync } from 'node:fs';
import { REGIONS_CONTEXT } from '../../lambda/contract.ts';
import { REGION } from '../../lambda/core/target.ts';
import { UsageError } from '../shared/command.ts';
import { fileProblem } from '../shared/errors.ts';

/** The content of `cdk.context.json`. */
type Context = Readonly<Record<string, unknown>>;

/**
 * Reads the context file; empty if it does not exist.
 *
 * @throws UsageError if it is not a JSON object.
 */
export function readContext(path: string): Context {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new UsageError(`${JSON.stringify(path)} ${fileProblem(error)}`);
  }
  const context = jsonIn(text);
  if (typeof context === 'object' && context !== null && !Array.isArray(context)) return context as Context;
  throw new UsageError(
    `${JSON.stringify(path)} is not a JSON object; accepted: the cdk.context.json of a CDK app, or no file`,
  );
}

/** The valid Regions in a context, the home Region first. */
export function regionsIn(context: Context): readonly string[] {
  const stored = context[REGIONS_CONTEXT];
  const names: readonly unknown[] = Array.isArray(stored) ? stored : [];
  return names.filter((name): name is string => typeof name === 'string' && REGION.test(name));
}

/** Stores the Regions and keeps the other entries of the file. */
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
