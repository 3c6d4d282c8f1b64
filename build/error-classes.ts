import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** An error of a service with its schema, and the class that an instance of it gets. */
const REGISTRATION = /^export var (\w+\$) = (\[-3,[^;]*\]);\n(n\d+_registry\.registerError\(\1, \w+\);)$/gm;

/** The trait of an error whose code in a response of the query protocol is not its name. */
const CODE_TRAIT = /^const (\w+) = "awsQueryError";$/m;

/**
 * Takes the classes away from the errors of a service, in a schema file of its client, so that esbuild drops both.
 *
 * Our functions look at the name, the message and the status of an error, which it has without a class of its own. With the
 * query protocol, an error keeps the class that gives it another name than the code in the response.
 */
export function withoutErrorClasses(source: string, { isQuery }: { readonly isQuery: boolean }): string {
  const [, trait] = (isQuery && CODE_TRAIT.exec(source)) || [];
  return source.replaceAll(REGISTRATION, (whole, name: string, schema: string) =>
    trait !== undefined && schema.includes(`[${trait}]`) ? whole : `export var ${name} = ${schema};`,
  );
}

/** The protocol, or one in which the service repeats its codes in a header. */
const QUERY = /AwsQueryProtocol|awsQueryCompatible/;

/** Whether the client of a schema file has the codes of the query protocol; yes if that cannot be seen. */
export async function hasQueryCodes(schemaFile: string): Promise<boolean> {
  const config = join(dirname(schemaFile), '..', 'runtimeConfig.shared.js');
  return QUERY.test(await readFile(config, 'utf8').catch(() => 'AwsQueryProtocol'));
}
