import { ApiError } from '../../wire/errors.ts';
import { text } from '../../wire/params.ts';
import type { LaunchTemplate, TemplateVersion } from './template.ts';

// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
const NO_ID = 'InvalidLaunchTemplateId.NotFound';
const NO_NAME = 'InvalidLaunchTemplateName.NotFoundException';
const NO_VERSION = 'InvalidLaunchTemplateId.VersionNotFound';

/** The launch templates of a region. */
export class LaunchTemplates {
  readonly #byId = new Map<string, LaunchTemplate>();

  public all(): readonly LaunchTemplate[] {
    return [...this.#byId.values()];
  }

  public add(template: LaunchTemplate): LaunchTemplate {
    this.#byId.set(template.id, template);
    return template;
  }

  public delete({ id }: LaunchTemplate): void {
    this.#byId.delete(id);
  }

  public named(name: string): LaunchTemplate | undefined {
    return this.all().find((template) => template.name === name);
  }

  /** @throws ApiError if there is none. */
  public withId(id: string): LaunchTemplate {
    if (!/^lt-[0-9a-f]+$/.test(id)) {
      throw new ApiError('InvalidLaunchTemplateId.Malformed', `Invalid launch template ID: ${id}`);
    }
    const template = this.#byId.get(id);
    if (template !== undefined) return template;
    throw new ApiError(NO_ID, `The specified launch template, with template ID ${id}, does not exist.`);
  }

  /** @throws ApiError if there is none. */
  public withName(name: string): LaunchTemplate {
    const template = this.named(name);
    if (template !== undefined) return template;
    throw new ApiError(NO_NAME, `The specified launch template, with template name ${name}, does not exist.`);
  }

  /** The template that a request or a reference names. */
  public find(reference: unknown): LaunchTemplate {
    const [id, name] = [text(reference, 'LaunchTemplateId'), text(reference, 'LaunchTemplateName')];
    if (id !== undefined && name !== undefined) {
      throw new ApiError('InvalidParameterCombination', 'Specify either a launch template ID or a name, but not both.');
    }
    if (id !== undefined) return this.withId(id);
    if (name !== undefined) return this.withName(name);
    throw new ApiError('MissingParameter', 'Either a launch template ID or a launch template name must be specified.');
  }

  /** The template and the version that a reference stands for now. */
  public resolve(reference: unknown): { readonly template: LaunchTemplate; readonly version: TemplateVersion } {
    const template = this.find(reference);
    return { template, version: versionOf(template, text(reference, 'Version')) };
  }
}

/** @throws ApiError if the template has no such version. */
export function versionOf(template: LaunchTemplate, wanted?: string): TemplateVersion {
  const version = template.resolve(wanted);
  if (version !== undefined) return version;
  throw new ApiError(NO_VERSION, `Could not find launch template version ${wanted ?? '$Default'} of ${template.id}`);
}
