import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';

/** The namespace is POWERTOOLS_METRICS_NAMESPACE: the stack sets it, and hands it to the alarms. */
const metrics = new Metrics();
// The alarms read metrics whose only dimension is FunctionName. Powertools adds `service`, which would name other metrics.
metrics.clearDefaultDimensions();
metrics.setDefaultDimensions({ FunctionName: process.env['AWS_LAMBDA_FUNCTION_NAME'] ?? 'unknown' });

/**
 * Writes counts in one line of the embedded metric format: CloudWatch extracts metrics from it, without a call.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 *
 * @param counts metrics by name, at least one
 * @param level Lambda drops lines below the log level of the function, and takes a line without a level for INFO. Metrics
 *   that a higher log level must not drop need a level of their own.
 *   https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
 */
export function publishCounts(counts: Readonly<Record<string, number>>, level: 'INFO' | 'ERROR'): void {
  for (const [name, count] of Object.entries(counts)) metrics.addMetric(name, MetricUnit.Count, count);
  // Lambda reads a level only beside a timestamp.
  metrics.addMetadata('level', level).addMetadata('timestamp', new Date().toISOString());
  metrics.publishStoredMetrics();
}
