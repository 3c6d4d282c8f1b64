/** An AWS SDK, as user agents name it. */
export interface Sdk {
  /** As in texts. */
  readonly name: string;
  /** How the user agent writes the product before its version; a regular expression. */
  readonly product: string;
  /** The major version that the row is about; by default all. */
  readonly line?: string;
  /** The least version that supports IMDSv2; absent if every version does. */
  readonly least?: string;
  /**
   * Versions of the user agent that cannot be compared with `least`, because they count something else; from which on
   * they can, and all support IMDSv2.
   */
  readonly comparableFrom?: string;
}

/**
 * The least versions that support IMDSv2, those first that decide if a user agent names several: Boto3 gets its
 * credentials from Botocore, and the AWS CLI names the Botocore in it.
 *
 * AWS lists no line that is newer than IMDSv2: each of its versions supports it.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html (use-a-supported-sdk-version-for-imdsv2)
 */
export const SDKS: readonly Sdk[] = [
  { name: 'AWS Tools for PowerShell', product: String.raw`awspowershell(?:\.?\w+)*`, least: '4.0.1.0' },
  { name: 'AWS CLI', product: 'aws-cli', least: '1.16.289' },
  { name: 'botocore', product: 'botocore', least: '1.13.25' },
  { name: 'Boto3', product: 'boto3', least: '1.12.6' },
  { name: 'AWS SDK for Go v2', product: 'aws-sdk-go-v2', least: '0.19.0' },
  { name: 'AWS SDK for Go', product: 'aws-sdk-go', least: '1.25.38' },
  { name: 'AWS SDK for Java 2.x', product: 'aws-sdk-java', line: '2', least: '2.10.21' },
  { name: 'AWS SDK for Java', product: 'aws-sdk-java', least: '1.11.678' },
  { name: 'AWS SDK for JavaScript v3', product: 'aws-sdk-(?:js|nodejs)', line: '3' },
  { name: 'AWS SDK for JavaScript', product: 'aws-sdk-(?:js|nodejs)', least: '2.722.0' },
  { name: 'AWS SDK for PHP', product: String.raw`aws-sdk-php\d?`, least: '3.147.7' },
  { name: 'AWS SDK for Ruby', product: String.raw`aws-sdk-ruby\d?`, least: '3.79.0' },
  { name: 'AWS SDK for C++', product: 'aws-sdk-cpp', least: '1.7.229' },
  // AWS documents a release of the whole SDK; the user agent has the version of one package, which ended at 3.3.107.
  {
    name: 'AWS SDK for .NET',
    product: String.raw`aws-sdk-dotnet(?:-\w+)?`,
    least: '3.3.634.1',
    comparableFrom: '3.5',
  },
  { name: 'AWS SDK for Rust', product: 'aws-sdk-rust' },
  { name: 'AWS SDK for Kotlin', product: 'aws-sdk-kotlin' },
  { name: 'AWS SDK for Swift', product: 'aws-sdk-swift' },
];

/** Whether a version supports IMDSv2; `undefined` if that cannot be known from it. */
export function supportsTokens({ least, comparableFrom }: Sdk, version: string): boolean | undefined {
  if (least === undefined || (comparableFrom !== undefined && isAtLeast(version, comparableFrom))) return true;
  if (comparableFrom === undefined) return isAtLeast(version, least);
  // Before the line that `least` is in, no version supports it.
  return isAtLeast(version, least.split('.').slice(0, 2).join('.')) ? undefined : false;
}

/** Compares the numbers of two versions; a number that is absent is 0. */
function isAtLeast(version: string, least: string): boolean {
  const numbers = (text: string) => (/^\d+(\.\d+)*/.exec(text)?.[0] ?? '').split('.').map(Number);
  const [own, other] = [numbers(version), numbers(least)];
  for (const index of Array(Math.max(own.length, other.length)).keys()) {
    const difference = (own[index] ?? 0) - (other[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
