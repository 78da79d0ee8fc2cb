import { environmentOf } from '../../lib/context';
import { Failure } from '../../ops/kit/language';
import { assignmentsOf } from '../../ops/kit/options';
import { localEnvironments } from '../kit/local-environment';
import { messages } from './messages';

/** Context of the environment local, by key (`npm start -- -c capacity=ec2`). */
export type Context = Readonly<Record<string, string>>;

/** Without a signature, the endpoint finds load balancers and functions of this region only. */
const FIXED = { environment: 'local', region: 'us-east-1' };

/**
 * Reads context in the form of the CDK CLI and checks it as the app does, so that a typing error is found before anything
 * starts.
 *
 * @throws in one line, if a value is not `key=value`, names another environment or region, or would be refused by the app
 */
export function contextOf(given: readonly string[] = []): Context {
  const context = assignmentsOf(given);
  for (const [key, only] of Object.entries(FIXED)) {
    const { [key]: value = only } = context;
    if (value === only) continue;
    throw new Failure(messages.otherTarget({ key, only, value }));
  }
  environmentOf(context, localEnvironments);
  return context;
}
