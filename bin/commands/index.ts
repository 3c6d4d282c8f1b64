import type { AnyCommand } from '../cli/command.ts';
import { audit } from './audit.ts';
import { doctor } from './doctor.ts';
import { enforce } from './enforce.ts';
import { exempt } from './exempt.ts';
import { explain } from './explain.ts';
import { policy } from './policy.ts';
import { regions } from './regions.ts';
import { replay } from './replay.ts';
import { rollback } from './rollback.ts';
import { testAlert } from './test-alert.ts';

/** Every command, in the order that the help lists them. */
export const commands: readonly AnyCommand[] = [
  audit,
  explain,
  enforce,
  rollback,
  exempt,
  replay,
  doctor,
  policy,
  regions,
  testAlert,
];
