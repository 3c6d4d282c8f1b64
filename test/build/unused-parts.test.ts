import { build } from 'esbuild';
import { unusedParts } from '../../build/unused-parts.ts';
import { runBundled } from './run-bundled.ts';

const CONTEXT = { resolveDir: import.meta.dirname };

it('a call that streams events would fail, and say why', async () => {
  const entry = `const { EventStreamSerde } = await import('@smithy/core/event-streams');
    try { new EventStreamSerde(); } catch ({ message }) { console.log(message); }`;

  expect(await runBundled(entry, [unusedParts()])).toBe('event streams are not in this bundle\n');
});

it('a package that imports more from a file than stands in for it fails the build', async () => {
  const contents = `import { Int64 } from '@smithy/core/event-streams'; console.log(Int64);`;
  const building = build({
    stdin: { contents, ...CONTEXT },
    ...{ bundle: true, platform: 'node', mainFields: ['module', 'main'] },
    ...{ logLevel: 'silent', write: false, plugins: [unusedParts()] },
  });

  await expect(building).rejects.toThrow('No matching export');
});

it('a file that a package has moved is bundled as it is, with a warning', async () => {
  const { warnings } = await build({
    stdin: { contents: 'console.log(1)', ...CONTEXT },
    ...{ bundle: true, logLevel: 'silent', write: false, plugins: [unusedParts()] },
  });

  expect(warnings.map(({ text }) => text)).toContain(
    'no @smithy/core/dist-es/submodules/event-streams/index.js found: has the package moved it?',
  );
});
