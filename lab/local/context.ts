import { environmentOf } from '../../lib/context';
import { assignmentsOf } from '../../ops/kit/options';
import { localEnvironments } from '../kit/local-environment';

/** What `npm start` is told about the environment local (`-c capacity=ec2`), by key. */
export type Context = Readonly<Record<string, string>>;

/** The endpoint finds load balancers and functions of one region only when it is asked without a signature. */
const FIXED = { environment: 'local', region: 'us-east-1' };

/**
 * Reads what is given as the CDK CLI takes it, and holds it against the environment as the app will: a typing error is told
 * before anything is started.
 *
 * @throws in one line, if one is no `key=value`, the environment or the region is another one, or the app would refuse it
 */
export function contextOf(given: readonly string[] = []): Context {
  const context = assignmentsOf(given);
  for (const [key, only] of Object.entries(FIXED)) {
    const { [key]: value = only } = context;
    if (value === only) continue;
    throw new Error(
      `${key}: npm start deploys to ${only}, got "${value}". Leave it out, or deploy to AWS: npx cdk deploy --all -c ${key}=${value}`,
    );
  }
  environmentOf(context, localEnvironments);
  return context;
}
