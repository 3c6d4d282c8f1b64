import { distance } from 'fastest-levenshtein';
import { REGIONS_CONTEXT } from '../lambda/contract.ts';
import { ConfigError } from '../lambda/parsers.ts';
import { checkSettings, SETTINGS, type Settings } from './settings.ts';

/** The share of the characters of a key that may differ. */
const NEAR = 0.34;

/**
 * Reads the settings from the CDK context of the app in this repository.
 *
 * A mistyped key would leave the default in force, so a key that is near a setting is an error. Other keys may be from
 * the CDK or from `~/.cdk.json`.
 *
 * @throws ConfigError listing the keys and the values that are not accepted.
 */
export function settingsInContext(context: Readonly<Record<string, unknown>>): Settings {
  const { settings, problems } = checkSettings(context);
  const mistyped = Object.keys(context).flatMap((key) => {
    const meant = settingNear(key);
    return meant === undefined ? [] : [`${key} is not a setting; did you mean ${meant}?`];
  });
  if (mistyped.length + problems.length > 0) throw new ConfigError([...mistyped, ...problems]);
  return settings;
}

/** The setting that a key is probably meant for; `undefined` for a setting and for keys of others. */
function settingNear(key: string): string | undefined {
  const names = Object.keys(SETTINGS);
  if (names.includes(key) || key === REGIONS_CONTEXT) return undefined;
  const scope = /^(.*)[:/]/.exec(key)?.[1];
  if (scope !== undefined && !/imdsv2/i.test(scope)) return undefined;
  const plain = charactersOf(key.slice((scope?.length ?? -1) + 1));
  const [nearest] = names
    .map((name) => ({ name, share: distance(plain, charactersOf(name)) / Math.max(plain.length, name.length) }))
    .filter(({ name, share }) => share <= NEAR || sorted(plain) === sorted(charactersOf(name)) || isPart(key, name))
    .sort((a, b) => a.share - b.share);
  return nearest?.name;
}

const charactersOf = (key: string): string => key.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

const sorted = (characters: string): string => [...characters].sort().join('');

const isPart = (key: string, name: string): boolean => wordsOf(key).every((word) => wordsOf(name).includes(word));

/** The words of a key in any of the usual spellings. */
const wordsOf = (key: string): string[] =>
  key
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .map((word) => word.replace(/(?<=.{3})s$/, ''));
