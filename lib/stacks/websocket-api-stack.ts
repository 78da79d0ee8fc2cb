import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Operation } from 'aws-cdk-lib/aws-dynamodb';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { EnvironmentDashboardProps } from '../constructs/environment-dashboard';
import { SessionTable } from '../constructs/session-table';
import { TableAlarms } from '../constructs/table-alarms';
import { Ticker } from '../constructs/ticker';
import { TickerAlarms } from '../constructs/ticker-alarms';
import { WebSocketAlarms } from '../constructs/websocket-alarms';
import { WebSocketSessions } from '../constructs/websocket-sessions';
import { alarmsOf, EnvironmentStackProps, observesFully, WebSocketApiConfig } from '../environment-config';
import { inProperty } from '../in-property';
import { LogGroups } from '../log-queries';

export interface WebSocketApiStackProps extends EnvironmentStackProps {
  readonly webSocketApi: WebSocketApiConfig;
  readonly sessionsCode: lambda.Code;
  readonly tickerCode: lambda.Code;
  /** First segment of the URL. */
  readonly stageName: string;
}

/** The WebSocket API with sessions on prices, the table of the sessions, and the ticker that sends prices to them. */
export class WebSocketApiStack extends Stack {
  /** Log groups that saved queries read. */
  readonly logGroups: LogGroups;
  /** Parts of the stack on the dashboard. */
  readonly onDashboard: EnvironmentDashboardProps;
  /** Alarms that say: users are affected now. Empty without alarms. */
  readonly affecting: readonly cloudwatch.IAlarm[] = [];

  constructor(scope: Construct, id: string, props: WebSocketApiStackProps) {
    super(scope, id, props);
    const { config, webSocketApi, removalPolicy, encryptionKey } = props;

    const state = new SessionTable(this, 'State', {
      pointInTimeRecovery: !config.disposable,
      encryptionKey,
      removalPolicy,
    });
    const environment = { TABLE_NAME: state.table.tableName, NODE_OPTIONS: '--enable-source-maps' };
    const full = observesFully(config);
    const tracing = full ? undefined : lambda.Tracing.PASS_THROUGH;
    const sessions = inProperty(
      'webSocketApi',
      () =>
        new WebSocketSessions(this, 'Sessions', {
          stageName: props.stageName,
          code: props.sessionsCode,
          actions: ['subscribe', 'unsubscribe'],
          throttle: webSocketApi.throttle,
          logLevel: config.function.logLevel,
          detailedMetrics: full,
          tracing,
          environment: {
            ...environment,
            POWERTOOLS_SERVICE_NAME: 'sessions',
            POWERTOOLS_METRICS_NAMESPACE: METRIC_NAMESPACES.sessions,
            MAX_SYMBOLS: String(webSocketApi.maxSymbols),
            MESSAGES_PER_SECOND: String(webSocketApi.messagesPerSecond),
          },
        }),
    );
    const ticker = new Ticker(this, 'Ticker', {
      code: props.tickerCode,
      interval: Duration.seconds(webSocketApi.ticker.everySeconds),
      scheduled: webSocketApi.ticker.scheduled,
      memorySize: webSocketApi.ticker.memoryMiB,
      tracing,
      environment: {
        ...environment,
        POWERTOOLS_SERVICE_NAME: 'ticker',
        POWERTOOLS_METRICS_NAMESPACE: METRIC_NAMESPACES.ticker,
        CALLBACK_URL: sessions.stage.callbackUrl,
      },
    });
    for (const fn of [sessions.handler, ticker.function]) state.grantItems(fn);
    state.grantQuery(ticker.function);
    sessions.grantPost(ticker.function);
    this.logGroups = {
      webSocketApi: [sessions.accessLogGroup],
      sessions: [sessions.handler.logGroup],
      ticker: [ticker.function.logGroup],
    };
    this.onDashboard = {
      sessions: {
        stage: sessions.stage,
        handler: sessions.handler,
        table: state.table,
        ticker: ticker.function,
      },
    };
    if (alarmsOf(config)) {
      const { connectErrors, integrationErrors } = new WebSocketAlarms(this, 'SessionsAlarms', {
        handler: sessions.handler,
        stage: sessions.stage,
        metricNamespace: METRIC_NAMESPACES.sessions,
      });
      const { silent } = new TickerAlarms(this, 'TickerAlarms', {
        function: ticker.function,
        scheduled: webSocketApi.ticker.scheduled,
        metricNamespace: METRIC_NAMESPACES.ticker,
      });
      // Every message of a client updates an item, to count the messages of a second.
      new TableAlarms(this, 'StateAlarms', { table: state.table, operation: Operation.UPDATE_ITEM });
      this.affecting = [connectErrors, integrationErrors, silent].filter((alarm) => alarm !== undefined);
    }

    new CfnOutput(this, 'WebSocketUrl', {
      value: sessions.stage.url,
      description: 'URL of the WebSocket API; the query of a connection is signed (SigV4)',
    });
    new CfnOutput(this, 'WebSocketApiId', { value: sessions.api.apiId, description: 'Id of the WebSocket API' });
    new CfnOutput(this, 'TableName', { value: state.table.tableName, description: 'Connections and subscriptions' });
    new CfnOutput(this, 'TickerFunctionName', {
      value: ticker.function.functionName,
      description: 'Publishes ticks; invoke it with {"ticks":3} where it has no schedule',
    });
  }
}

/** Namespaces of the metrics that the functions write and the alarms read. */
const METRIC_NAMESPACES = { sessions: 'Kumiki/Sessions', ticker: 'Kumiki/Ticker' };
