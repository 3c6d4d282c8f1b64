import { readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { TEMPORARY_FOLDERS } from './global-setup.ts';

/** Removes the temporary folder of the run. Fails if a CDK app without `outdir` has left its assembly in it. */
export default function teardown(): void {
  const folder = tmpdir();
  if (!folder.startsWith(TEMPORARY_FOLDERS)) return;
  const assemblies = readdirSync(folder).filter((name) => name.startsWith('cdk.out'));
  rmSync(folder, { recursive: true });
  if (assemblies.length > 0)
    throw new Error(`give every App an outdir; temporary assemblies: ${assemblies.join(', ')}`);
}
