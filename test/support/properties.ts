import { parseSync, TsInterfaceDeclaration, TsType, TsTypeAliasDeclaration, TsTypeElement } from '@swc/core';
import { read } from './documents';

/** Files in which the types of an environment are declared. */
const FILES = ['lib/environment-config.ts', 'lib/constructs/network.ts', 'lib/constructs/private-function.ts'];

const declarations = new Map<string, TsInterfaceDeclaration | TsTypeAliasDeclaration>(
  FILES.flatMap((file) => parseSync(read(file), { syntax: 'typescript' }).body).flatMap((item) => {
    const declared = item.type === 'ExportDeclaration' ? item.declaration : item;
    return declared.type === 'TsInterfaceDeclaration' || declared.type === 'TsTypeAliasDeclaration'
      ? [[declared.id.value, declared] as const]
      : [];
  }),
);

/** Properties of a type by name: for each, its own properties, or none. */
export interface Properties {
  readonly [name: string]: Properties;
}

function merged(all: readonly Properties[]): Properties {
  const names = [...new Set(all.flatMap((each) => Object.keys(each)))];
  return Object.fromEntries(
    names.map((name) => [name, merged(all.flatMap(({ [name]: inner }) => (inner ? [inner] : [])))]),
  );
}

function ofMembers(members: readonly TsTypeElement[]): Properties {
  return merged(
    members.flatMap((member) => {
      if (member.type !== 'TsPropertySignature' || member.key.type !== 'Identifier') return [];
      const type = member.typeAnnotation?.typeAnnotation;
      return [{ [member.key.value]: type ? ofType(type) : {} }];
    }),
  );
}

function ofName(name: string): Properties {
  const declaration = declarations.get(name);
  if (declaration === undefined) return {};
  if (declaration.type === 'TsTypeAliasDeclaration') return ofType(declaration.typeAnnotation);
  const inherited = declaration.extends.map(({ expression }) =>
    expression.type === 'Identifier' ? ofName(expression.value) : {},
  );
  return merged([...inherited, ofMembers(declaration.body.body)]);
}

/** Types that are declared elsewhere, such as those of the CDK, and plain values have no properties here. */
function ofType(type: TsType): Properties {
  switch (type.type) {
    case 'TsTypeLiteral':
      return ofMembers(type.members);
    case 'TsUnionType':
    case 'TsIntersectionType':
      return merged(type.types.map(ofType));
    case 'TsArrayType':
      return ofType(type.elemType);
    case 'TsTypeOperator':
    case 'TsParenthesizedType':
      return ofType(type.typeAnnotation);
    case 'TsTypeReference':
      return type.typeName.type === 'Identifier' ? ofName(type.typeName.value) : {};
    default:
      return {};
  }
}

/** Properties that an environment of lib/environments.ts can have. */
export function propertiesOfEnvironments(): Properties {
  return merged([ofName('EnvironmentConfig'), ofName('EnvironmentDefinition')]);
}

/** Dotted paths of the properties that have no properties of their own. */
export function leavesOf(properties: Properties): string[] {
  return Object.entries(properties).flatMap(([name, inner]) => {
    const leaves = leavesOf(inner);
    return leaves.length === 0 ? [name] : leaves.map((leaf) => `${name}.${leaf}`);
  });
}

/** Whether a dotted path leads to a property. */
export function hasPath(properties: Properties, path: string): boolean {
  const [name = '', ...rest] = path.split('.');
  const inner = Object.hasOwn(properties, name) ? properties[name] : undefined;
  return inner !== undefined && (rest.length === 0 || hasPath(inner, rest.join('.')));
}
