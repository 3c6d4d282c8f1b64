import { NO_LAUNCHES, versionKey } from '../../../lambda/core/prevention/inventory.ts';
import { REGION } from '../../support/builders.ts';
import { failure } from '../../support/ports.ts';
import { DAILY, old, rules, runStep, scanWorld } from '../../support/scan.ts';

const VERSION = {
  templateId: 'lt-0a1b2c3d4e5f60718',
  version: 7,
  options: { HttpTokens: 'optional' },
  instanceTags: new Map<string, string>(),
  startsContainers: false,
};
const TEMPLATE = {
  id: VERSION.templateId,
  name: 'shop.example',
  tags: new Map<string, string>(),
  defaultVersion: 7,
  latestVersion: 7,
  awsManaged: false,
};
const GROUP = {
  kind: 'auto-scaling-group',
  name: 'web',
  tags: new Map<string, string>(),
  references: [{ templateId: TEMPLATE.id, version: '7' }],
  specs: [],
} as const;

const SUMMARY = { ...DAILY, step: 'summary', requestedIds: [] } as const;
const COMPLIANT = old('i-0a1b2c3d4e5f60718', { options: { HttpTokens: 'required' } });

it('names a template in use that asks for optional, in a Region whose instances are all compliant', async () => {
  const ports = scanWorld([COMPLIANT]);
  ports.launches = {
    ...NO_LAUNCHES,
    templates: new Map([[TEMPLATE.id, TEMPLATE]]),
    versions: new Map([[versionKey(TEMPLATE.id, 7), VERSION]]),
    launchers: [GROUP],
  };

  await runStep(SUMMARY, rules(), ports);

  const [digest] = ports.digests();
  const sentence =
    "Launch template shop[.]example (lt-0a1b2c3d4e5f60718) version 7: HttpTokens=optional; Auto Scaling group web (7). Create a version that requires IMDSv2, and move what refers to it: imdsv2 prevent templates --region eu-west-1 --template 'lt-0a1b2c3d4e5f60718'";
  expect(digest?.json).toMatchObject({ readiness: 'not-ready', missingForEnforcement: [sentence] });
  expect(digest?.email).toContain(`Before HttpTokensEnforced can be enabled in this region:\n  ${sentence}`);
});

it('is ready where nothing would be refused', async () => {
  const ports = scanWorld([COMPLIANT]);
  await runStep(SUMMARY, rules(), ports);
  expect(ports.digests()[0]?.json).toMatchObject({ readiness: 'ready', missingForEnforcement: [] });
});

it('is unknown where something is denied, and names it', async () => {
  const ports = scanWorld([COMPLIANT]);
  ports.fail('groups', failure('denied'));
  await runStep(SUMMARY, rules(), ports);
  expect(ports.digests()[0]?.json).toMatchObject({
    readiness: 'unknown',
    missingForEnforcement: ['not looked at: Auto Scaling groups: denied'],
  });
});

it('is absent after any other failure, and the digest is sent nevertheless', async () => {
  const ports = scanWorld([COMPLIANT]);
  ports.fail('groups', failure('invalid'));
  await runStep(SUMMARY, rules(), ports);
  const [digest] = ports.digests();
  expect(digest?.json.readiness).toBeUndefined();
  expect(digest?.json.missingForEnforcement).toEqual(['what launches instances could not be read']);
  expect(ports.warnings).toEqual([`what launches instances in ${REGION} could not be read`]);
});
