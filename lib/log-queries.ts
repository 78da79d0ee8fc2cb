import * as logs from 'aws-cdk-lib/aws-logs';
import { ClusterAutoscaler } from './constructs/cluster-autoscaler';
import { SavedQuery } from './constructs/saved-queries';

/** What the lines of a log group are. */
export type LogContent =
  /** Access log of the REST API. */
  | 'restApi'
  /** Access log of the HTTP API. */
  | 'httpApi'
  /** Access log of the WebSocket API. */
  | 'webSocketApi'
  /** Quotes function. */
  | 'quotes'
  /** Function of the sessions. */
  | 'sessions'
  | 'ticker'
  /** Container services on ECS. */
  | 'services'
  /** All containers of the Kubernetes cluster, as Fluent Bit writes them. */
  | 'pods'
  /** Events of ECS. */
  | 'ecsEvents'
  /** Flow log of the VPC. */
  | 'network';

/** Log groups by their content. */
export type LogGroups = Partial<Readonly<Record<LogContent, readonly logs.ILogGroup[]>>>;

/** A stack with log groups that queries read. */
export interface ILogging {
  readonly logGroups: LogGroups;
}

interface LogQuery extends Pick<SavedQuery, 'query' | 'parameters'> {
  /** Contents that the query reads. Parts that are off have no log group. */
  readonly of: readonly LogContent[];
}

/** An API's route. The REST API has its methods and resources instead of a route key. */
const ROUTE = 'coalesce(routeKey, concat(method, " ", resourcePath)) as route';
/** A field of the container service: of a task on ECS, or of a pod, where Fluent Bit puts the parsed line below a key of its own. */
const inContainer = (field: string, name: string) => `coalesce(${field}, log_processed.${field}) as ${name}`;
/** Lambda's own line about an invocation that ended without a result. */
const UNSUCCESSFUL = '(type = "platform.report" and record.status != "success")';

/**
 * The saved queries, by name. docs/tracing.md has the question that each answers, and test/log-queries.test.ts compares each
 * field with the lines of the log groups.
 *
 * All values of access logs are text. `parse` makes numbers of the latencies, because a cached answer has `-` instead.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
 */
export const LOG_QUERIES: Readonly<Record<string, LogQuery>> = {
  'one-request': {
    of: ['restApi', 'httpApi', 'webSocketApi', 'quotes', 'sessions', 'ticker', 'services', 'pods'],
    parameters: { id: 'Request id (header x-amzn-requestid of the answer), id of an invocation, or id of a trace' },
    query: {
      fields: ['@timestamp', '@log', '@message'],
      filterStatements: [
        [
          'requestId = "{{id}}"',
          'correlationId = "{{id}}"',
          'record.requestId = "{{id}}"',
          'log_processed.requestId = "{{id}}"',
          'traceId = "{{id}}"',
          'xray_trace_id = "{{id}}"',
          'log_processed.xray_trace_id = "{{id}}"',
        ].join(' or '),
      ],
      sort: '@timestamp asc',
      limit: 200,
    },
  },
  'api-errors': {
    of: ['restApi', 'httpApi'],
    query: {
      fields: [ROUTE],
      filterStatements: ['status like /^[45]/'],
      statsStatements: [
        'count(*) as requests, max(@timestamp) as last, latest(requestId) as example ' +
          'by route, status, integrationStatus, errorType, error, integrationError, authorizerError',
      ],
      sort: 'status desc, requests desc',
      limit: 50,
    },
  },
  'api-latency': {
    of: ['restApi', 'httpApi'],
    query: {
      fields: [ROUTE],
      parseStatements: ['latency /(?<ms>\\d+)/', 'integrationLatency /(?<integrationMs>\\d+)/'],
      statsStatements: [
        'count(*) as requests, pct(ms, 50) as p50, pct(ms, 99) as p99, max(ms) as slowest, ' +
          'pct(integrationMs, 99) as integrationP99 by route',
      ],
      sort: 'p99 desc',
      limit: 50,
    },
  },
  'api-callers': {
    of: ['restApi', 'httpApi'],
    query: {
      statsStatements: ['count(*) as requests by caller, principal, subject, ip, status'],
      sort: 'requests desc',
      limit: 50,
    },
  },
  'function-errors': {
    of: ['quotes', 'sessions', 'ticker'],
    query: {
      fields: [
        '@timestamp',
        'service',
        'level',
        'message',
        'error.name',
        'error.message',
        'error.location',
        'record.status',
        'coalesce(requestId, record.requestId) as invocation',
        'correlationId',
      ],
      filterStatements: [`level = "ERROR" or ${UNSUCCESSFUL}`],
      sort: '@timestamp desc',
      limit: 100,
    },
  },
  'function-starts': {
    of: ['quotes', 'sessions', 'ticker'],
    query: {
      filterStatements: ['type = "platform.report"'],
      statsStatements: [
        'count(*) as invocations, count(record.metrics.initDurationMs) as coldStarts, ' +
          'pct(record.metrics.initDurationMs, 99) as initP99, pct(record.metrics.durationMs, 99) as durationP99, ' +
          'max(record.metrics.maxMemoryUsedMB) as memoryMB by @log, bin(5m)',
      ],
      limit: 500,
    },
  },
  'websocket-errors': {
    of: ['webSocketApi', 'sessions'],
    query: {
      fields: [
        '@timestamp',
        'route',
        'event',
        'connectionId',
        'status',
        'integrationStatus',
        'integrationError',
        'authorizerError',
        'error',
        'message',
        'error.message',
        'requestId',
        'correlationId',
      ],
      filterStatements: [`status like /^[45]/ or integrationStatus like /^[45]/ or level = "ERROR" or ${UNSUCCESSFUL}`],
      sort: '@timestamp desc',
      limit: 100,
    },
  },
  ticker: {
    of: ['ticker'],
    query: {
      fields: [
        '@timestamp',
        'level',
        'message',
        'reason',
        'error.message',
        'sequence',
        'failed',
        'Posted',
        'Gone',
        'Failed',
        'LeftOut',
        'record.status',
      ],
      filterStatements: [`ispresent(Posted) or ispresent(LeftOut) or level in ["WARN", "ERROR"] or ${UNSUCCESSFUL}`],
      sort: '@timestamp desc',
      limit: 100,
    },
  },
  'container-errors': {
    of: ['services', 'pods'],
    query: {
      fields: [
        '@timestamp',
        '@log',
        '@logStream',
        inContainer('level', 'severity'),
        inContainer('message', 'text'),
        inContainer('status', 'code'),
        inContainer('url', 'path'),
        inContainer('ms', 'took'),
        inContainer('err.message', 'cause'),
        inContainer('requestId', 'id'),
      ],
      filterStatements: ['severity in ["ERROR", "FATAL"] or code >= 500'],
      sort: '@timestamp desc',
      limit: 100,
    },
  },
  'container-latency': {
    of: ['services', 'pods'],
    query: {
      fields: [inContainer('message', 'text'), inContainer('ms', 'took'), inContainer('status', 'code')],
      filterStatements: ['text = "request" and ispresent(took)'],
      statsStatements: [
        'count(*) as requests, pct(took, 50) as p50, pct(took, 99) as p99, max(took) as slowest by @log, code',
      ],
      sort: 'p99 desc',
      limit: 100,
    },
  },
  'service-events': {
    of: ['ecsEvents'],
    query: {
      fields: [
        '@timestamp',
        '`detail-type`',
        'resources.0',
        'detail.eventName',
        'detail.reason',
        'detail.group',
        'detail.stopCode',
        'detail.stoppedReason',
        'detail.containers.0.reason',
      ],
      sort: '@timestamp desc',
      limit: 50,
    },
  },
  'autoscaler-errors': {
    of: ['pods'],
    query: {
      fields: ['@timestamp', 'kubernetes.pod_name', 'log'],
      filterStatements: [`kubernetes.container_name = "${ClusterAutoscaler.CONTAINER}"`, 'log like /^E/'],
      sort: '@timestamp desc',
      limit: 100,
    },
  },
  'network-talkers': {
    of: ['network'],
    query: {
      filterStatements: ['action = "ACCEPT"'],
      statsStatements: ['sum(bytes) as total by srcAddr, dstAddr, dstPort'],
      sort: 'total desc',
      limit: 20,
    },
  },
};

/** The saved queries over the log groups of an environment. */
export function savedQueries(logGroups: LogGroups): SavedQuery[] {
  return Object.entries(LOG_QUERIES).map(([name, { of, ...query }]) => ({
    ...query,
    name,
    logGroups: of.flatMap((content) => logGroups[content] ?? []),
  }));
}

/** The log groups of several stacks. */
export function mergedLogGroups(stacks: readonly ILogging[]): LogGroups {
  const merged = new Map<string, readonly logs.ILogGroup[]>();
  for (const { logGroups } of stacks) {
    for (const [content, groups] of Object.entries(logGroups)) {
      merged.set(content, [...(merged.get(content) ?? []), ...groups]);
    }
  }
  return Object.fromEntries(merged);
}
