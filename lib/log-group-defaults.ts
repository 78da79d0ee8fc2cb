import { IPropertyInjector, RemovalPolicy } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';

/**
 * Default retention, removal policy and key of the log groups in a scope, including those that the CDK creates for its own
 * functions and custom resources. Without this class, the CDK keeps events for two years and retains the log group.
 *
 * A log group with an explicit retention or removal policy keeps it, because its author had a reason: the log group of
 * Container Insights deletes its events after a day, and is deleted with its stack in production, too.
 *
 * Add the injector to a scope before its constructs, because only log groups that are created later get the defaults.
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
    private readonly encryptionKey?: kms.IKeyRef,
  ) {}

  inject(props: logs.LogGroupProps = {}): logs.LogGroupProps {
    return {
      ...props,
      retention: props.retention ?? this.retention,
      removalPolicy: props.removalPolicy ?? this.removalPolicy,
      encryptionKey: props.encryptionKey ?? this.encryptionKey,
    };
  }
}
