import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { SessionTable } from '../constructs/session-table';
import { Ticker } from '../constructs/ticker';
import { TickerAlarms } from '../constructs/ticker-alarms';
import { WebSocketAlarms } from '../constructs/websocket-alarms';
import { WebSocketSessions } from '../constructs/websocket-sessions';
import { alarmsOf, EnvironmentStackProps, WebSocketApiConfig } from '../environment-config';

export interface WebSocketApiStackProps extends EnvironmentStackProps {
  readonly webSocketApi: WebSocketApiConfig;
  readonly sessionsCode: lambda.Code;
  readonly tickerCode: lambda.Code;
  /** First segment of the URL. */
  readonly stageName: string;
}

/** The WebSocket API with sessions on prices, the table of the sessions, and the ticker that sends prices to them. */
export class WebSocketApiStack extends Stack {
  constructor(scope: Construct, id: string, props: WebSocketApiStackProps) {
    super(scope, id, props);
    const { config, webSocketApi, removalPolicy } = props;

    const state = new SessionTable(this, 'State', { pointInTimeRecovery: !config.disposable, removalPolicy });
    const environment = { TABLE_NAME: state.table.tableName, NODE_OPTIONS: '--enable-source-maps' };
    const sessions = new WebSocketSessions(this, 'Sessions', {
      stageName: props.stageName,
      code: props.sessionsCode,
      actions: ['subscribe', 'unsubscribe'],
      throttle: webSocketApi.throttle,
      logLevel: config.function.logLevel,
      environment: {
        ...environment,
        POWERTOOLS_SERVICE_NAME: 'sessions',
        POWERTOOLS_METRICS_NAMESPACE: METRIC_NAMESPACES.sessions,
        MAX_SYMBOLS: String(webSocketApi.maxSymbols),
        MESSAGES_PER_SECOND: String(webSocketApi.messagesPerSecond),
      },
    });
    const ticker = new Ticker(this, 'Ticker', {
      code: props.tickerCode,
      interval: Duration.seconds(webSocketApi.ticker.everySeconds),
      scheduled: webSocketApi.ticker.scheduled,
      memorySize: webSocketApi.ticker.memoryMiB,
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
    if (alarmsOf(config)) {
      new WebSocketAlarms(this, 'SessionsAlarms', {
        handler: sessions.handler,
        metricNamespace: METRIC_NAMESPACES.sessions,
      });
      new TickerAlarms(this, 'TickerAlarms', {
        function: ticker.function,
        scheduled: webSocketApi.ticker.scheduled,
        metricNamespace: METRIC_NAMESPACES.ticker,
      });
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
