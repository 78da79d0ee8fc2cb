import { Template } from 'aws-cdk-lib/assertions';
import { stringify } from 'yaml';

/**
 * A template as YAML, without hashes of assets and ids derived from them, because those change with the code and not with
 * the template.
 */
export function snapshotOf(template: Template): string {
  return stringify(template.toJSON(), { lineWidth: 0, aliasDuplicateObjects: false })
    .replace(/[0-9a-f]{64}/g, '<hash>')
    .replace(/((?:CurrentVersion|Deployment)[0-9A-F]{8})[0-9a-f]{32}/g, '$1<hash>');
}
