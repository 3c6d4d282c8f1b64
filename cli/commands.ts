import type { AnyCommand } from './common/command.ts';
import { audit } from './audit/command.ts';
import { callers } from './callers/command.ts';
import { doctor } from './doctor/command.ts';
import { enforce } from './enforce/command.ts';
import { exempt } from './exempt/command.ts';
import { explain } from './explain/command.ts';
import { policy } from './policy/command.ts';
import { regions } from './regions/command.ts';
import { prevent } from './prevent/command.ts';
import { readiness } from './readiness/command.ts';
import { replay } from './replay/command.ts';
import { rollback } from './rollback/command.ts';
import { testAlert } from './test-alert/command.ts';

/** Every command, in the order of the help. */
export const commands: readonly AnyCommand[] = [
  audit,
  explain,
  callers,
  enforce,
  rollback,
  exempt,
  readiness,
  prevent,
  replay,
  doctor,
  policy,
  regions,
  testAlert,
];
