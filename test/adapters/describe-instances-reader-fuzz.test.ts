import fc from 'fast-check';
import { hostileText } from '../support/hostile.ts';
import { inPieces, outcomes } from '../support/page.ts';

type Xml = fc.Arbitrary<string>;

/** With references for some characters, or for most: decimal ones or others. */
const escaped = ([text, which, radix]: readonly [string, RegExp, 10 | 16]) =>
  text.replace(which, (unit) => `&#${radix === 16 ? 'x' : ''}${unit.charCodeAt(0).toString(radix)};`);
const hostile = fc
  .tuple(hostileText({ maxLength: 40 }), fc.constantFrom(/[&<\r]/g, /[&<\r]/g, /[^a-z]/g), fc.constantFrom(10, 16))
  .map(escaped);
const often = <T>(weight: number, arbitrary: fc.Arbitrary<T>, rare: fc.Arbitrary<T>) =>
  fc.oneof({ arbitrary, weight }, { arbitrary: rare, weight: 1 });

const layout = often(50, fc.constantFrom('', '\n', '\n    '), fc.constantFrom(' ', '\t', '\r\n'));
const text = often(
  50,
  fc.oneof(hostile, fc.constantFrom('', ' ', '\n ', '0', '007', '1e3', '&amp;lt;')),
  fc.constantFrom('&eacute;', 'a & b', '<![CDATA[a & <b>]]>', 'a<!-- b -->c', 'a\r\nb', '<x/>'),
);
const time = often(
  50,
  fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2100-01-01') }).map((date) => date.toISOString()),
  fc.constantFrom('2026-03-02T09:10:11Z', '2026-02-29T09:10:11Z', '2026-03-02', '0099-01-01T00:00:00Z', '', 'soon'),
);
const leaf = (name: string, value: Xml = text): Xml => value.map((inside) => `<${name}>${inside}</${name}>`);
const element = (name: string, inside: Xml): Xml =>
  fc
    .tuple(fc.constantFrom('', ' ', '\n'), layout, inside, layout)
    .map(([space, before, content, after]) =>
      content === '' ? `<${name}${space}/>` : `<${name}${space}>${before}${content}${after}</${name}${space}>`,
    );
const unknown = often(
  20,
  fc.constantFrom('<x/>', '<x>1</x>', '<y><item><instanceId>i-2</instanceId> </item></y>', '<toString>a</toString>'),
  fc.constantFrom('<x a="b"/>', '<__proto__/>', '<x>&nbsp;&</x>'),
);
/** Some of the elements in any order, sometimes with one that is not known. */
const some = (...members: readonly Xml[]): Xml =>
  fc
    .tuple(often(3, fc.constant(''), unknown), ...members.map((member) => fc.option(member, { nil: '', freq: 5 })))
    .chain((all) => fc.shuffledSubarray(all, { minLength: all.length }))
    .map((parts) => parts.join(''));
const items = (item: Xml): Xml =>
  fc.array(item, { maxLength: 3 }).map((all) => all.map((inside) => `<item>${inside}</item>`).join(''));

const instances = items(
  some(
    leaf('instanceId'),
    element('instanceState', some(leaf('name'))),
    leaf('launchTime', time),
    leaf('rootDeviceName', fc.constantFrom('/dev/xvda', '/dev/sda1')),
    element(
      'blockDeviceMapping',
      items(
        some(leaf('deviceName', fc.constantFrom('/dev/xvda', '/dev/sdf')), element('ebs', leaf('attachTime', time))),
      ),
    ),
    element('tagSet', items(some(leaf('key'), leaf('value')))),
    element(
      'networkInterfaceSet',
      items(
        some(element('attachment', some(leaf('deviceIndex', fc.constantFrom('0', '1', '')), leaf('attachTime', time)))),
      ),
    ),
    element('operator', some(leaf('managed', fc.constantFrom('true', 'false', 'TRUE', '')))),
    element(
      'metadataOptions',
      some(
        leaf('state'),
        leaf('httpTokens'),
        leaf('httpEndpoint'),
        leaf('httpPutResponseHopLimit'),
        leaf('httpProtocolIpv6'),
        leaf('instanceMetadataTags'),
      ),
    ),
  ),
);
const pages = fc
  .tuple(
    often(9, fc.constantFrom('<?xml version="1.0" encoding="UTF-8"?>\n', ''), fc.constant(' <?xml version="1.1"?>\n')),
    element('r', some(leaf('nextToken'), element('reservationSet', items(some(element('instancesSet', instances)))))),
    often(9, fc.constantFrom('', '\n'), fc.constantFrom('<!-- end -->', 'x')),
  )
  .map((parts) => Buffer.from(parts.join('')));

const ODDITIES =
  '< > / & ; " =" = ] \n \r \t \v \f \0 ]]> <!-- --> <? ?> <item> </item> <item/> <x> <__proto__/> <!DOCTYPE> \uFEFF �';
/** Pages of which some bytes are lost, or others were put in; or that end early. */
const damaged = fc
  .tuple(pages, fc.nat(), fc.nat({ max: 3 }), fc.constantFrom('', ' ', ...ODDITIES.split(' ')), fc.boolean())
  .map(([bytes, place, lost, oddity, endsEarly]) => {
    const at = place % (bytes.length + 1);
    const rest = endsEarly ? [] : [Buffer.from(oddity), bytes.subarray(at + lost)];
    return Buffer.concat([bytes.subarray(0, at), ...rest]);
  });

it.each([
  ['whole', pages, 0.3],
  ['damaged', damaged, 0],
])('answers with the page or the error of the SDK: %s pages', async (_, arbitrary, share) => {
  let [all, read] = [0, 0];
  const property = fc.asyncProperty(arbitrary, fc.integer({ min: 1, max: 500 }), async (bytes, size) => {
    const { ours, sdk, leftToSdk } = await outcomes({ chunks: inPieces(bytes, size) });
    all += 1;
    read += leftToSdk ? 0 : 1;
    expect(ours).toEqual(sdk);
  });
  await fc.assert(property, { numRuns: 200 });
  // Otherwise it would be the SDK that is compared with itself.
  expect(read / all).toBeGreaterThan(share);
});
