// Kumiki 0.2.0, saved-queries.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

/** A question that log groups answer. */
export interface SavedQuery {
  /** Name in the folder, such as `api-errors`. */
  readonly name: string;

  /** The query, in the query language of CloudWatch Logs Insights. */
  readonly query: logs.QueryStringProps;

  /** Log groups that the query reads. The console selects them together with the query. An empty list leaves the query out. */
  readonly logGroups: readonly logs.ILogGroup[];

  /**
   * Values that the console asks for before the query runs, as descriptions by names. The query names a value as `{{name}}`.
   *
   * @default none
   * @throws if the query names another value, or a name is not a word
   */
  readonly parameters?: Readonly<Record<string, string>>;
}

export interface SavedQueriesProps {
  /** Folder of the queries in the console, such as `shop/production`. Queries with the same name would be told apart by it only. */
  readonly folder: string;

  readonly queries: readonly SavedQuery[];
}

/**
 * Saved queries of CloudWatch Logs Insights. Saving costs nothing; a run is billed by the GB that it reads.
 *
 * A run reads at most 50 log groups. A query over more is saved in parts: `errors`, `errors-2`, …
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartQuery.html (50 log groups)
 * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutQueryDefinition.html
 * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_QueryParameter.html
 *
 * @example
 * ```ts
 * const logGroups = [new logs.LogGroup(this, 'AccessLog')];
 * new SavedQueries(this, 'Queries', {
 *   folder: 'shop/production',
 *   queries: [
 *     {
 *       name: 'one-request',
 *       logGroups,
 *       parameters: { id: 'Request id, from the header x-amzn-requestid' },
 *       query: { fields: ['@timestamp', '@message'], filterStatements: ['requestId = "{{id}}"'], sort: '@timestamp asc' },
 *     },
 *   ],
 * });
 * ```
 */
export class SavedQueries extends Construct {
  /** Log groups that a run reads at most. */
  static readonly MAX_LOG_GROUPS = 50;

  readonly definitions: readonly logs.QueryDefinition[];

  constructor(scope: Construct, id: string, { folder, queries }: SavedQueriesProps) {
    super(scope, id);
    this.definitions = queries.flatMap((query) => {
      checkParameters(query);
      return partsOf(query.logGroups).map((logGroups, index) => {
        const name = index === 0 ? query.name : `${query.name}-${index + 1}`;
        return this.definition(name, `${folder}/${name}`, { ...query, logGroups });
      });
    });
  }

  private definition(id: string, queryDefinitionName: string, saved: SavedQuery): logs.QueryDefinition {
    const { query, logGroups, parameters = {} } = saved;
    const definition = new logs.QueryDefinition(this, id, {
      queryDefinitionName,
      queryString: new logs.QueryString(query),
      logGroups: [...logGroups],
    });
    const resource = definition.node.defaultChild;
    if (!(resource instanceof logs.CfnQueryDefinition)) {
      throw new Error(`${definition.node.path}: its resource must be a CfnQueryDefinition. Adapt this construct.`);
    }
    // The L2 has no property for parameters.
    const described = Object.entries(parameters).map(([name, description]) => ({ name, description }));
    if (described.length > 0) resource.parameters = described;
    return definition;
  }
}

/** Lists of as many log groups as one run may read. */
function partsOf(logGroups: readonly logs.ILogGroup[]): (readonly logs.ILogGroup[])[] {
  const size = SavedQueries.MAX_LOG_GROUPS;
  return Array.from({ length: Math.ceil(logGroups.length / size) }, (_, index) =>
    logGroups.slice(index * size, (index + 1) * size),
  );
}

function checkParameters({ name, query, parameters = {} }: SavedQuery): void {
  const declared = Object.keys(parameters);
  for (const parameter of declared.filter((each) => !/^[a-zA-Z_]\w*$/.test(each))) {
    throw new Error(
      `${name}: a parameter must be a word, got "${parameter}". Use letters, digits and underscores only`,
    );
  }
  const used = [...new logs.QueryString(query).toString().matchAll(/\{\{(.*?)\}\}/g)].map(([, each = '']) => each);
  for (const parameter of used.filter((each) => !declared.includes(each))) {
    throw new Error(
      `${name}: parameters must have every parameter of the query, got none for "${parameter}". Describe it`,
    );
  }
}
