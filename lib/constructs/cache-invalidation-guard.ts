// Kumiki 0.1.0, cache-invalidation-guard.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { ArnFormat, CfnResource, Lazy, Stack } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as customresources from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';

export interface CacheInvalidationGuardProps {
  /** Stage with the cache. */
  readonly stage: apigateway.IStage;

  /**
   * Methods with their own settings on the stage. Each is guarded, because its settings override those of the stage. The array
   * is read at synthesis, so methods may be added to it after this construct.
   */
  readonly methods: readonly { readonly path: string; readonly httpMethod: string }[];

  /**
   * Any text that changes with the deployment and with the method settings of the stage. CloudFormation does not know the
   * guard and may write the settings without it, so the guard is set again after every such change.
   */
  readonly revision: string;

  /** Log group of the function that sets the guard. @default a new log group with the defaults of the CDK: two years, RETAIN */
  readonly logGroup?: logs.ILogGroup;
}

/**
 * Only callers with `execute-api:InvalidateCache` may refresh the cache of a stage with `Cache-Control: max-age=0`. Other
 * callers who send this header are answered 403. Without the guard, the default applies, which AWS does not document.
 *
 * CloudFormation has no property for the guard, so a function of the CDK calls `UpdateStage` after the stage.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-caching.html#override-api-gateway-stage-cache-for-method-cache
 * @see https://github.com/aws/aws-cdk/issues/18794
 *
 * @example
 * ```ts
 * const api = new CachedRestApi(this, 'Api', { cache: {}, throttle: { rate: 50, burst: 100 } });
 * api.addFunctionRoute({ path: '/quotes/{symbol}', handler: live, cacheTtl: Duration.seconds(5) });
 * new CacheInvalidationGuard(this, 'CacheGuard', {
 *   stage: api.stage,
 *   methods: api.cachedMethods,
 *   revision: api.revision,
 * });
 * ```
 */
export class CacheInvalidationGuard extends Construct {
  constructor(scope: Construct, id: string, props: CacheInvalidationGuardProps) {
    super(scope, id);
    const call: customresources.AwsSdkCall = {
      service: 'APIGateway',
      action: 'updateStage',
      parameters: {
        restApiId: props.stage.restApi.restApiId,
        stageName: props.stage.stageName,
        patchOperations: Lazy.any({ produce: () => ['/*/*', ...props.methods.map(settingsPath)].flatMap(guarded) }),
      },
      physicalResourceId: customresources.PhysicalResourceId.of('cache-invalidation-guard'),
      // The answer is not used, and would be too long for CloudFormation (4 KB).
      outputPaths: ['stageName'],
    };

    const guard = new customresources.AwsCustomResource(this, 'UpdateStage', {
      resourceType: 'Custom::CacheInvalidationGuard',
      // No onDelete: the setting is deleted with the stage.
      onCreate: call,
      onUpdate: call,
      installLatestAwsSdk: false,
      logGroup: props.logGroup ?? new logs.LogGroup(this, 'LogGroup'),
      policy: customresources.AwsCustomResourcePolicy.fromStatements([
        new iam.PolicyStatement({ actions: ['apigateway:PATCH'], resources: [arnOf(props.stage)] }),
      ]),
    });
    guard.node.addDependency(props.stage);

    for (const child of guard.node.findAll()) {
      if (CfnResource.isCfnResource(child) && child.cfnResourceType === 'Custom::CacheInvalidationGuard') {
        // The function ignores this property. A change makes CloudFormation call the function again.
        child.addPropertyOverride('Revision', props.revision);
      }
    }
  }
}

function arnOf(stage: apigateway.IStage): string {
  return Stack.of(stage).formatArn({
    service: 'apigateway',
    account: '',
    resource: 'restapis',
    resourceName: `${stage.restApi.restApiId}/stages/${stage.stageName}`,
    arnFormat: ArnFormat.SLASH_RESOURCE_SLASH_RESOURCE_NAME,
  });
}

/** Path of a method's settings in patch operations: slashes of the resource path as `~1`, as in JSON Pointer. */
function settingsPath(method: { readonly path: string; readonly httpMethod: string }): string {
  return `/${method.path.replaceAll('/', '~1')}/${method.httpMethod}`;
}

function guarded(path: string): { op: string; path: string; value: string }[] {
  return [
    { op: 'replace', path: `${path}/caching/requireAuthorizationForCacheControl`, value: 'true' },
    { op: 'replace', path: `${path}/caching/unauthorizedCacheControlHeaderStrategy`, value: 'FAIL_WITH_403' },
  ];
}
