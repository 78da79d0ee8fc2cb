/**
 * Numbers as metrics of a function, in the embedded metric format: CloudWatch makes metrics of the log line, without a call.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 *
 * @param level what is below the log level of the function is dropped, metrics included
 */
export function metricsLine(
  namespace: string,
  values: Readonly<Record<string, number>>,
  functionName: string,
  timestamp: number,
  level: 'INFO' | 'ERROR',
): string {
  const Metrics = Object.keys(values).map((Name) => ({ Name, Unit: 'Count' }));
  return JSON.stringify({
    _aws: {
      Timestamp: timestamp,
      CloudWatchMetrics: [{ Namespace: namespace, Dimensions: [['FunctionName']], Metrics }],
    },
    level,
    timestamp: new Date(timestamp).toISOString(),
    FunctionName: functionName,
    ...values,
  });
}

/**
 * Writes such a line for the function that runs. Not by console, because the runtime would wrap the line into another
 * object, where CloudWatch does not look for metrics.
 */
export function writeMetrics(namespace: string, values: Readonly<Record<string, number>>, level: 'INFO' | 'ERROR') {
  const functionName = process.env['AWS_LAMBDA_FUNCTION_NAME'] ?? 'unknown';
  process.stdout.write(`${metricsLine(namespace, values, functionName, Date.now(), level)}\n`);
}
