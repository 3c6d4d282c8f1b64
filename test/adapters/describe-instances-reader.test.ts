import { DescribeInstancesCommand, DescribeRegionsCommand } from '@aws-sdk/client-ec2';
import { withPageReader } from '../../lambda/adapters/describe-instances-reader.ts';
import { answered, inPieces, outcomes, PAGE, type PageAnswer } from '../support/page.ts';

const page = (text: string, size = 4096): PageAnswer => ({ chunks: inPieces(Buffer.from(text), size) });
/** A page with one instance. */
const instance = (members: string) =>
  `<r><reservationSet><item><instancesSet><item><instanceId>i-1</instanceId>${members}</item></instancesSet></item></reservationSet></r>`;
const tag = (value: string) => instance(`<tagSet><item><key>Name</key><value>${value}</value></item></tagSet>`);

it('reads a page as EC2 writes it without the parser of the SDK', async () => {
  const { ours, sdk, leftToSdk } = await outcomes(page(PAGE));

  expect(ours).toEqual(sdk);
  expect(ours).toMatchObject({
    snapshots: [{ instanceId: 'i-0a1b2c3d4e5f60711', firstLaunch: new Date('2026-01-01') }, { awsManaged: true }],
    next: 'eyJ2IjoiMiIsImMiOiJleGFtcGxlIn0=',
  });
  expect(leftToSdk).toBe(false);
});

it.each([1, 7, 64, 65_536])('puts a page together that arrives in pieces of %i bytes', async (size) => {
  const { ours, sdk, leftToSdk } = await outcomes(page(PAGE, size));

  expect(ours).toEqual(sdk);
  expect(leftToSdk).toBe(false);
});

it('reads a page of thousands of lines, with characters of several bytes all over it', async () => {
  const tags = Array.from(
    { length: 3000 },
    (_, index) => `<item><key>größe-${index}</key><value>${'🚀'.repeat(20)}</value></item>`,
  );
  const { ours, sdk, leftToSdk } = await outcomes(page(instance(`<tagSet>${tags.join('')}</tagSet>`), 16_384));

  expect(ours).toEqual(sdk);
  expect(ours).toMatchObject({ snapshots: [{ tags: { size: 3000 } }] });
  expect(leftToSdk).toBe(false);
});

it('gives what the SDK knows of the answer, too', async () => {
  const { client, answer } = answered();
  answer(page(PAGE));

  const { $metadata } = await withPageReader(client).send(new DescribeInstancesCommand({}));

  expect($metadata).toMatchObject({ httpStatusCode: 200, requestId: 'r-1' });
});

describe('reads as the SDK does, without its parser,', () => {
  it.each([
    ['an empty page', '<r/>'],
    ['no reservation', '<r><reservationSet/></r>'],
    ['white space for layout', '<r>\n<reservationSet>\n  \n</reservationSet>\n<nextToken>\n</nextToken></r>'],
    ['white space in a value', tag(' a  b ')],
    [
      'an instance without an id',
      '<r><reservationSet><item><instancesSet><item/></instancesSet></item></reservationSet></r>',
    ],
    [
      'unknown elements, however deep',
      instance('<x><instanceId>i-2</instanceId><x><x/></x></x><y>1</y><constructor/>'),
    ],
    ['entities', tag('&lt;&gt;&amp;&quot;&apos;&#65;&#x42;&#8364;&#x20ac;')],
    ['entities in what it skips', instance('<x>&nbsp;&#x1F600;&</x>')],
    ['truth in capitals', instance('<operator><managed>TRUE</managed></operator>')],
    ['numbers that are none', instance('<metadataOptions><httpPutResponseHopLimit/></metadataOptions>')],
    ['a tag of any name', tag('x').replace('Name', '__proto__')],
    [
      'tags that share a key',
      instance('<tagSet><item><key>a</key><value>1</value></item><item><key>a</key></item></tagSet>'),
    ],
    ['spaces in tags', '<r ><nextToken >a</nextToken\n><x /></r >'],
    ['an answer of another name', '<html><body>hello</body></html>'],
    ['namespaces', '<r xmlns="urn:a" xmlns:b="urn:b"><nextToken>a</nextToken></r>'],
  ])('%s', async (_, text) => {
    const { ours, sdk, leftToSdk } = await outcomes(page(text));

    expect(ours).toEqual(sdk);
    expect(leftToSdk).toBe(false);
  });
});

describe('leaves to the SDK, on the same bytes,', () => {
  it.each([
    ['nothing', ''],
    ['text', 'gateway time-out'],
    ['JSON', '{"message":"no"}'],
    ['a byte order mark', `\uFEFF${tag('a')}`],
    ['text before the root', `x${tag('a')}`],
    ['a second root', `${tag('a')}<r/>`],
    ['CDATA', tag('<![CDATA[a & b]]>')],
    ['comments', tag('a<!-- b -->c')],
    ['a comment that is none', tag('<!--> --><x/>')],
    ['declarations', tag('a<!b>c')],
    ['processing instructions', tag('a<?b c?>')],
    ['a document type', `<!DOCTYPE r [<!ENTITY a "b">]>${tag('&a;')}`],
    ['attributes', instance('<tagSet a="b"/>')],
    ['attributes of the root', '<r nextToken="a"/>'],
    ['broken attributes', instance('<x a="b/>')],
    ['entities that are not defined', tag('&nbsp;')],
    ['ampersands', tag('a & b;')],
    ['characters beyond four digits', tag('&#x1F600;')],
    ['halves of characters', tag('&#xD83D;&#xDE80; and more')],
    ['carriage returns', tag('a\r\nb\rc')],
    ['two values of one member', instance('<instanceId>i-2</instanceId>')],
    ['elements in a value', instance('<launchTime><x/></launchTime>')],
    ['values between elements', instance('x')],
    ['a space between elements', instance(' <tagSet/>')],
    ['times in another form', instance('<launchTime>2026-03-02T09:10:11+01:00</launchTime>')],
    ['days that no month has', instance('<launchTime>2026-02-30T09:10:11Z</launchTime>')],
    ['times that are none', instance('<launchTime>soon</launchTime>')],
    ['no time', instance('<launchTime/>')],
    ['a name that objects have', instance('<x><__proto__>a</__proto__></x>')],
    ['spaces that are none', tag('a').replace('<key>', '<key\v>')],
    ['names that are none', instance('<1/>')],
    ['elements that end in each other', tag('a').replace('</item></tagSet>', '</tagSet></item>')],
    ['elements that never end', '<r><nextToken>a</nextToken>'],
    ['tags that never end', '<r><nextToken>a</nextToken'],
  ])('%s', async (_, text) => {
    const { ours, sdk, leftToSdk } = await outcomes(page(text));

    expect(ours).toEqual(sdk);
    expect(leftToSdk).toBe(text !== '');
  });

  it('bytes that are not UTF-8', async () => {
    const bytes = Buffer.from(tag('aXb'));
    bytes[bytes.indexOf('X')] = 0xe2;
    const { ours, sdk } = await outcomes({ chunks: [bytes] });

    expect(ours).toEqual(sdk);
  });

  it.each([400, 401, 403, 500, 503])('an answer with status %i', async (status) => {
    const error =
      '<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>slow</Message></Error></Errors></Response>';
    const { ours, sdk } = await outcomes({ status, ...page(error) });

    expect(ours).toEqual(sdk);
    expect(ours).toMatchObject({ kind: 'throttled' });
  });

  it('other calls', async () => {
    const { client, answer, parsedBySdk } = answered();
    answer(page('<r><regionInfo><item><regionName>eu-west-1</regionName></item></regionInfo></r>'));

    const { Regions } = await withPageReader(client).send(new DescribeRegionsCommand({}));

    expect(Regions).toEqual([{ RegionName: 'eu-west-1' }]);
    expect(parsedBySdk()).toBe(1);
  });
});

it('fails as the SDK does where the connection breaks in a page', async () => {
  const { ours, sdk } = await outcomes({ chunks: [Buffer.from(PAGE.slice(0, 3000)), 'reset'] });

  expect(ours).toEqual(sdk);
  expect(ours).toMatchObject({ kind: 'unavailable' });
});
