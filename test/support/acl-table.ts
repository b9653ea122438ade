import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../dev/local-stack/folders.js';

export type AclUser = 'ingress' | 'join' | 'archive';
export type AclResource = 'topic' | 'group' | 'transactional id';
export type AclOperation = 'Read' | 'Write' | 'Create' | 'Describe' | 'DescribeConfigs';

/** One ACL that a program needs. */
export type NeededAcl = {
  readonly user: AclUser;
  readonly resource: AclResource;
  readonly name: string;
  readonly isPrefix: boolean;
  readonly operation: AclOperation;
};

export type AclSection = 'Always' | 'To check the topics' | 'To create missing topics';

/**
 * The ACLs of a section of docs/permissions.md.
 * @param prefix `TOPIC_PREFIX`
 * @param group `PROCESSOR_GROUP_ID`
 */
export function neededAcls(section: AclSection, prefix: string, group: string): NeededAcl[] {
  const page = readFileSync(join(projectRoot, 'docs', 'permissions.md'), 'utf8');
  const text = page.split(/^### /m).find((part) => part.startsWith(`${section}\n`)) ?? '';
  const rows = [
    ...text.matchAll(/^\| (\w[\w, ]*) \| (topic|group|transactional id) \| (.+?) \| ([\w, ]+) \| .+ \|$/gm),
  ];
  return rows.flatMap(([, users = '', resource, names = '', operations = '']) =>
    users.split(', ').flatMap((user) =>
      [...names.matchAll(/`([^`]+)`/g)].flatMap(([, name = '']) =>
        operations.split(', ').map((operation) => ({
          user: user as AclUser,
          resource: resource as AclResource,
          name: (resource === 'topic' ? `${prefix}${name}` : name.replace('<group>', group)).replace(/\*$/, ''),
          isPrefix: name.endsWith('*'),
          operation: operation as AclOperation,
        })),
      ),
    ),
  );
}
