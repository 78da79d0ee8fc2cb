/** A widget of the body of a dashboard, as far as the picture shows it. */
export interface Widget {
  readonly type: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly properties: {
    readonly title?: string;
    readonly markdown?: string;
    readonly alarms?: readonly string[];
    readonly states?: readonly string[];
    readonly metrics?: readonly (readonly unknown[])[];
    readonly annotations?: { readonly horizontal?: readonly { readonly label: string; readonly value: number }[] };
  };
}

/** A line of a graph. */
export interface Line {
  readonly label: string;
  readonly metricName: string;
  readonly statistic: string;
}

/** The widgets of a dashboard in a template. References become the names of their outputs or resources. */
export function widgetsOf(template: {
  readonly Resources?: Readonly<Record<string, { Type: string; Properties?: object }>>;
}): readonly Widget[] {
  const dashboard = Object.values(template.Resources ?? {}).find(({ Type }) => Type === 'AWS::CloudWatch::Dashboard');
  const body = Object(dashboard?.Properties).DashboardBody;
  const parts: readonly unknown[] = typeof body === 'string' ? [body] : (Object(body)['Fn::Join']?.[1] ?? []);
  if (parts.length === 0)
    throw new Error('The template has no dashboard. Give the template of a stack with a dashboard.');
  return JSON.parse(parts.map((part) => (typeof part === 'string' ? part : nameOf(part))).join('')).widgets;
}

/** The lines of a graph. A search stands for as many lines as it may return, of which the picture has three. */
export function linesOf({ properties: { metrics = [] } }: Widget): readonly Line[] {
  return metrics.flatMap((metric) => {
    const options = Object(metric.at(-1));
    const [, metricName, statistic] = /MetricName="(\w+)".*'([\w.]+)'\)/.exec(options.expression ?? '') ?? [];
    if (metricName !== undefined && statistic !== undefined)
      return [1, 2, 3].map((number) => ({ label: `found by the search: ${number}`, metricName, statistic }));
    const name = metric[1];
    if (typeof name !== 'string')
      throw new Error(`The metric ${JSON.stringify(metric)} has no name. Give a metric or a search.`);
    return [{ label: options.label ?? name, metricName: name, statistic: options.stat ?? 'Average' }];
  });
}

function nameOf(reference: unknown): string {
  const { OutputName, StackName } = Object(reference)['Fn::GetStackOutput'] ?? {};
  if (typeof OutputName !== 'string' || typeof StackName !== 'string')
    return String(Object(reference).Ref ?? 'reference');
  // Behind the name of an output are the hashes of the logical id and of the output.
  const name = OutputName.replace(/^PublishOutput(Ref|FnGetAtt)/, '').replace(/[0-9A-F]{8}\w*$/, '');
  return `${StackName.split('-').at(-1)}/${name}`;
}
