import { Counts } from './ticker';

/**
 * The counts as metrics, in the embedded metric format: CloudWatch makes metrics of the log line, without a call.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function metricsLine({ posted, gone, failed }: Counts, functionName: string, timestamp: number): string {
  const Metrics = ['Posted', 'Gone', 'Failed'].map((Name) => ({ Name, Unit: 'Count' }));
  return JSON.stringify({
    _aws: {
      Timestamp: timestamp,
      CloudWatchMetrics: [{ Namespace: 'Kumiki/Ticker', Dimensions: [['FunctionName']], Metrics }],
    },
    // What is below the function's log level is dropped, metrics included.
    level: 'INFO',
    timestamp: new Date(timestamp).toISOString(),
    FunctionName: functionName,
    Posted: posted,
    Gone: gone,
    Failed: failed,
  });
}
