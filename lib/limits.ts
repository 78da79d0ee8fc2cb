/**
 * Limits of AWS on the number of services, each with its source. `lib/services.ts` uses the limits to divide the services over
 * stacks and load balancers, and test/stage/many-services.test.ts checks the templates of a hundred services against them. All
 * limits are fixed, except those marked "adjustable", for which this file has the default.
 */

/** @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html */
export const STACK = { resources: 500, outputs: 200, parameters: 200, templateBytes: 1_048_576 } as const;

/**
 * Load balancers, rules and targets are adjustable, and the default rule does not count. Values and wildcards are limits on the
 * conditions of one rule.
 *
 * @see https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
 */
export const LOAD_BALANCER = {
  perRegion: 50,
  rules: 100,
  targetGroups: 100,
  targets: 1_000,
  listeners: 50,
  valuesPerRule: 5,
  wildcardsPerRule: 5,
} as const;

/**
 * Rules of a security group for each direction, adjustable.
 *
 * @see https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-security-groups
 */
export const SECURITY_GROUP = { rules: 60 } as const;

/**
 * Resources are adjustable.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
 */
export const REST_API = { resources: 300 } as const;

/** Routes and VPC links are adjustable. @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
export const HTTP_API = { routes: 300, integrations: 300, vpcLinksPerRegion: 10 } as const;

/**
 * vCPUs of all tasks of an account in a region, adjustable. New accounts may have less.
 *
 * @see https://docs.aws.amazon.com/general/latest/gr/ecs-service.html#limits_ecs
 */
export const FARGATE = { onDemandVcpus: 6, spotVcpus: 6 } as const;

/**
 * Resources of the stacks RestApi and HttpApi, counted in the templates of environments with every option (JWT, domain, web
 * ACL, cache, alarm on silence) and up to 180 routes. test/services.test.ts compares the numbers with a template. `fixed` has,
 * for the REST API, two methods that answer unknown routes. A REST API also has a resource for each distinct beginning of a path. Each load
 * balancer needs two rules of security groups. Each route of the quotes function needs a permission, up to
 * `functionPermissions`: from the eleventh route on, the constructs of the APIs share one.
 */
export const API_STACK = {
  rest: { fixed: 32, perRoute: 1, perLoadBalancer: 2 },
  http: { fixed: 11, perRoute: 2, perLoadBalancer: 2 },
  functionPermissions: 11,
} as const;

/**
 * Characters of all inline policies of a role without white space.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length
 */
export const ROLE = { inlinePolicyCharacters: 10_240 } as const;

/** Bytes of the resource-based policy of a function. @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const FUNCTION = { policyBytes: 20_480 } as const;

/**
 * Alarms that the rule of a composite alarm may name.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
 */
export const COMPOSITE_ALARM = { children: 100 } as const;

/**
 * Resources of a stack Containers with every option: services from source on both kinds of capacity, Spot, HTTPS, access logs
 * and alarms. test/stage/many-services.test.ts compares the numbers with templates.
 */
export const CONTAINERS_STACK = { fixed: 40, perService: 32 } as const;

/**
 * Services that share a load balancer, a stack and a cluster. The limit on resources of the stack is reached first: target
 * groups (2 for each service), rules and outputs stay far below their limits.
 */
export const SERVICES_PER_LOAD_BALANCER = Math.floor(
  (STACK.resources - CONTAINERS_STACK.fixed) / CONTAINERS_STACK.perService,
);
