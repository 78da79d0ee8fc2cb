// Kumiki 0.2.0, api-alarms.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';

/** A stage with metrics: `Stage` of a REST API (aws-apigateway) or `HttpStage` of an HTTP API (aws-apigatewayv2). */
export interface IApiStage {
  metricServerError(props?: cloudwatch.MetricOptions): cloudwatch.Metric;
  metricCount(props?: cloudwatch.MetricOptions): cloudwatch.Metric;
  metricLatency(props?: cloudwatch.MetricOptions): cloudwatch.Metric;
  /** Only REST APIs have a cache. */
  metricCacheHitCount?(props?: cloudwatch.MetricOptions): cloudwatch.Metric;
  /** Only REST APIs have a cache. */
  metricCacheMissCount?(props?: cloudwatch.MetricOptions): cloudwatch.Metric;
}

export interface ApiAlarmsProps {
  /** Stage of the API. */
  readonly stage: IApiStage;

  /**
   * Number of 5XX answers in five minutes below which the alarm never goes off, however large their share is.
   *
   * @default 5
   * @throws unless it is a whole number of at least 1
   */
  readonly minErrors?: number;

  /**
   * Time for an answer at the 99th percentile, from API Gateway's receipt of the request, above which the alarm on latency goes
   * off. Give more if the backend lets requests wait for capacity instead of refusing them.
   *
   * @default Duration.seconds(3), because AWS gives cold starts of functions as under 100 ms to over 1 second
   * @throws unless it is at least a millisecond
   */
  readonly latency?: Duration;

  /**
   * Number of requests in five minutes below which the alarm on latency never goes off. Below 100, the 99th percentile is the
   * slowest request alone.
   *
   * @default 100
   * @throws unless it is a whole number of at least 1
   */
  readonly minRequests?: number;

  /**
   * The stage has a cache, so that its hits are watched, too. Only the stage of a REST API has a cache.
   *
   * @default false
   * @throws if the stage has no metrics of a cache
   */
  readonly cached?: boolean;

  /**
   * Time without a request after which an alarm goes off: whole minutes, 5 to 1440. Give it only where requests never stop,
   * because the alarm cannot distinguish an API that nobody can reach from an API that nobody calls.
   *
   * @default no such alarm
   * @throws unless it is whole minutes from 5 to 1440
   */
  readonly silentAfter?: Duration;
}

/**
 * Alarms on a REST or HTTP API: answers of status 5XX, slow answers and, if asked for, few hits of the cache and silence.
 *
 * - `ServerErrors`: 5XX from API Gateway, a function or a backend behind a VPC link. Lambda counts a 5XX that the code returns
 *   as a success, so an alarm on the function does not notice these answers. The alarm needs both a number and a share of
 *   errors, because one stray error in a quiet hour is 100 % of the requests, and five errors in a busy hour are few.
 * - `Latency`: the slowest 1 % of the answers, in 2 of 3 periods of five minutes with enough requests. A request that waits
 *   for too long in a quiet hour ends in a 5XX, which `ServerErrors` counts.
 * - `CacheHits`: hits are less than 10 % of the hits and misses, for three hours with at least 3600 of them per hour. With
 *   fewer requests, a cache with a time to live of seconds has few hits without a fault.
 * - `Silent`: no request for the given time.
 *
 * API Gateway reports nothing without requests, so missing data is not breaching, except for `Silent`, which fills missing
 * data with 0. An outage of the backend without requests needs an alarm on the backend.
 *
 * The metrics are those of the stage, free of charge: `AWS/ApiGateway` with `ApiName` and `Stage` (5XXError, Count, Latency,
 * CacheHitCount, CacheMissCount) for a REST API, whose name therefore has to be unique in account and region, and with `ApiId`
 * and `Stage` (5xx, Count, Latency) for an HTTP API. The number of requests is the number of samples of Count.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
 * @see https://docs.aws.amazon.com/lambda/latest/operatorguide/execution-environments.html (cold starts)
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html (range of `silentAfter`)
 *
 * @example
 * ```ts
 * const { serverErrors } = new ApiAlarms(this, 'Alarms', { stage, latency: Duration.seconds(1), cached: true });
 * new CfnOutput(this, 'UsersAffected', { value: serverErrors.alarmName });
 * ```
 */
export class ApiAlarms extends Construct {
  /**
   * Bounds of `silentAfter` in minutes. Metrics arrive late, so a shorter silence may be a late metric. The longest is a day,
   * because CloudWatch evaluates periods below an hour over a day at most.
   */
  static readonly SILENT_MINUTES = { min: 5, max: 24 * 60 } as const;

  /** All alarms of this construct, for more actions or for a dashboard. */
  readonly alarms: readonly cloudwatch.Alarm[];
  /** Callers get answers of status 5XX, so the alarm fits into a composite that pages. */
  readonly serverErrors: cloudwatch.Alarm;
  /** Callers wait. */
  readonly latency: cloudwatch.Alarm;
  /** Undefined unless `cached`. */
  readonly cacheHits?: cloudwatch.Alarm;
  /** Undefined without `silentAfter`. */
  readonly silent?: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, props: ApiAlarmsProps) {
    super(scope, id);
    const {
      stage,
      minErrors = 5,
      minRequests = 100,
      latency = Duration.seconds(3),
      cached = false,
      silentAfter,
    } = props;
    checkCount('minErrors', minErrors, 'Give 5, or 1 for an alarm on each stray error.');
    checkCount('minRequests', minRequests, 'Give 100, or 1 for an alarm on each slow request.');
    const requests = stage.metricCount({ statistic: cloudwatch.Stats.SAMPLE_COUNT });

    this.serverErrors = new cloudwatch.Alarm(this, 'ServerErrors', {
      metric: new cloudwatch.MathExpression({
        expression: `IF(errors >= ${minErrors}, 100 * errors / requests, 0)`,
        usingMetrics: { errors: stage.metricServerError({ statistic: cloudwatch.Stats.SUM }), requests },
        period: Duration.minutes(5),
        label: 'Answers of status 5XX in percent',
      }),
      threshold: ERROR_PERCENT,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      alarmDescription:
        `More than ${ERROR_PERCENT} % of the answers, and at least ${minErrors}, were of status 5XX within 5 minutes. ` +
        "First look: the API's access log for status, integration status and error; then the alarms of what is behind it.",
    });

    const milliseconds = millisecondsOf(latency);
    this.latency = new cloudwatch.Alarm(this, 'Latency', {
      metric: new cloudwatch.MathExpression({
        expression: `IF(requests >= ${minRequests}, slowest, 0)`,
        usingMetrics: { slowest: stage.metricLatency({ statistic: cloudwatch.Stats.percentile(99) }), requests },
        period: Duration.minutes(5),
        label: 'Milliseconds of the 99th percentile',
      }),
      threshold: milliseconds,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 3,
      datapointsToAlarm: 2,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      alarmDescription:
        `The slowest 1 % of at least ${minRequests} answers took more than ${milliseconds} ms in 2 of 3 periods of 5 minutes. ` +
        "First look: latency and integration latency in the API's access log by route, then the capacity of that backend.",
    });

    if (cached) this.cacheHits = this.addCacheHits(stage);
    if (silentAfter !== undefined) this.silent = this.addSilent(requests, silentAfter);
    this.alarms = [this.serverErrors, this.latency, this.cacheHits, this.silent].filter((alarm) => alarm !== undefined);
  }

  private addCacheHits(stage: IApiStage): cloudwatch.Alarm {
    const sum = { statistic: cloudwatch.Stats.SUM };
    const hits = stage.metricCacheHitCount?.(sum);
    const misses = stage.metricCacheMissCount?.(sum);
    if (hits === undefined || misses === undefined) {
      throw new Error(
        'cached: must be false for a stage without metrics of a cache, got true. Give the stage of a REST API, or leave cached out.',
      );
    }
    return new cloudwatch.Alarm(this, 'CacheHits', {
      metric: new cloudwatch.MathExpression({
        expression: `IF(FILL(hits, 0) + misses >= ${CACHE_REQUESTS}, 100 * FILL(hits, 0) / (FILL(hits, 0) + misses), 100)`,
        usingMetrics: { hits, misses },
        period: Duration.hours(1),
        label: 'Answers from the cache in percent',
      }),
      threshold: CACHE_PERCENT,
      comparisonOperator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: CACHE_HOURS,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      alarmDescription:
        `Fewer than ${CACHE_PERCENT} % of at least ${CACHE_REQUESTS} answers an hour came from the cache for ${CACHE_HOURS} hours, ` +
        'so the cache is paid for and the backend has the load. First look: CacheHitCount and CacheMissCount since the last ' +
        'deployment, the time to live of the methods, and parameters that are part of the key.',
    });
  }

  private addSilent(requests: cloudwatch.Metric, silentAfter: Duration): cloudwatch.Alarm {
    const minutes = minutesOf(silentAfter);
    return new cloudwatch.Alarm(this, 'Silent', {
      metric: new cloudwatch.MathExpression({
        expression: 'FILL(requests, 0)',
        usingMetrics: { requests },
        period: Duration.minutes(1),
        label: 'Requests',
      }),
      threshold: 1,
      comparisonOperator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: minutes,
      datapointsToAlarm: minutes,
      // FILL needs at least one value, and a stage that never had a request has no value.
      treatMissingData: cloudwatch.TreatMissingData.BREACHING,
      alarmDescription:
        `No request reached the API for ${minutes} minutes, or the API is new and its first request is to come. ` +
        'First look: a signed request of your own; then the DNS name, the certificate and the web ACL in front of the API.',
    });
  }
}

/** Share of errors, in percent, that a service with working redundancy does not exceed. */
const ERROR_PERCENT = 5;
/** Share of hits, in percent, below which a cache is of no use. */
const CACHE_PERCENT = 10;
/** Hits and misses in an hour below which the share says nothing: one request per second for all keys together. */
const CACHE_REQUESTS = 3600;
/** Longer than a cache needs to fill after a flush, a deployment or the four minutes in which API Gateway creates a cache. */
const CACHE_HOURS = 3;

function checkCount(property: string, value: number, advice: string): void {
  if (Number.isInteger(value) && value >= 1) return;
  throw new Error(`${property}: must be a whole number of at least 1, got ${value}. ${advice}`);
}

function millisecondsOf(latency: Duration): number {
  const milliseconds = latency.toMilliseconds();
  if (milliseconds >= 1) return milliseconds;
  throw new Error(
    `latency: must be at least a millisecond, got ${milliseconds} ms. Give the time that callers accept, such as Duration.seconds(3).`,
  );
}

function minutesOf(silentAfter: Duration): number {
  const minutes = silentAfter.toMinutes({ integral: false });
  const { min, max } = ApiAlarms.SILENT_MINUTES;
  if (Number.isInteger(minutes) && minutes >= min && minutes <= max) return minutes;
  throw new Error(
    `silentAfter: must be whole minutes from ${min} to ${max}, got ${minutes}. ` +
      'Give the longest pause between two requests and some more, or leave silentAfter out.',
  );
}
