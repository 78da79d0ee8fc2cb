import { IPropertyInjector, RemovalPolicy } from 'aws-cdk-lib';
import * as logs from 'aws-cdk-lib/aws-logs';

/**
 * Retention and removal policy of every log group in a scope whose author chose none, those included that the CDK makes for
 * its own functions and custom resources. Without this class, the CDK keeps events for two years and retains the log group.
 *
 * What an author chose stays, because the author has a reason: the log group of Container Insights ends its events after a
 * day and goes with its stack in production, too.
 *
 * Log groups that are created from now on get the defaults: add the injector to a scope before its constructs.
 *
 * @example
 * PropertyInjectors.of(this).add(new LogGroupDefaults(logs.RetentionDays.ONE_WEEK, RemovalPolicy.DESTROY));
 * @see https://docs.aws.amazon.com/cdk/v2/guide/blueprints.html
 */
export class LogGroupDefaults implements IPropertyInjector {
  readonly constructUniqueId = logs.LogGroup.PROPERTY_INJECTION_ID;

  constructor(
    private readonly retention: logs.RetentionDays,
    private readonly removalPolicy: RemovalPolicy,
  ) {}

  inject(props: logs.LogGroupProps = {}): logs.LogGroupProps {
    return {
      ...props,
      retention: props.retention ?? this.retention,
      removalPolicy: props.removalPolicy ?? this.removalPolicy,
    };
  }
}
