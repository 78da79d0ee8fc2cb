import { CfnResource, Lazy } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as customresources from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';

export interface CacheInvalidationGuardProps {
  /** The stage with the cache. */
  readonly stage: apigateway.Stage;

  /**
   * The methods that have settings of their own on the stage: these override the stage's settings, so each is guarded.
   * Read at synthesis, so methods may be added to the array after this construct.
   */
  readonly methods: readonly { readonly path: string; readonly httpMethod: string }[];

  /**
   * Any text that is another whenever the deployment or the method settings of the stage are: CloudFormation knows
   * nothing of the guard and may write the settings without it, so the guard is set again after every such change.
   */
  readonly revision: string;
}

/**
 * Lets only callers with `execute-api:InvalidateCache` empty the cache of a stage with `Cache-Control: max-age=0`;
 * others are answered 403 rather than being served from the cache with a warning.
 *
 * CloudFormation has no property for it, so a function of the CDK calls `UpdateStage` after the stage.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-caching.html#override-api-gateway-stage-cache-for-method-cache
 * @see https://github.com/aws/aws-cdk/issues/18794
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
      // Nothing of the answer is read, and it would be too long for CloudFormation (4 KB).
      outputPaths: ['stageName'],
    };

    const guard = new customresources.AwsCustomResource(this, 'UpdateStage', {
      resourceType: 'Custom::CacheInvalidationGuard',
      // No onDelete: the setting goes with the stage.
      onCreate: call,
      onUpdate: call,
      installLatestAwsSdk: false,
      logGroup: new logs.LogGroup(this, 'LogGroup'),
      policy: customresources.AwsCustomResourcePolicy.fromStatements([
        new iam.PolicyStatement({ actions: ['apigateway:PATCH'], resources: [props.stage.stageArn] }),
      ]),
    });
    guard.node.addDependency(props.stage);

    for (const child of guard.node.findAll()) {
      if (CfnResource.isCfnResource(child) && child.cfnResourceType === 'Custom::CacheInvalidationGuard') {
        // The function does not read it; CloudFormation calls the function again when it has changed.
        child.addPropertyOverride('Revision', props.revision);
      }
    }
  }
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
