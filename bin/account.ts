import { App } from 'aws-cdk-lib';
import { accountOf } from '../lib/account';
import { runApp } from '../lib/app';
import { AccountStack } from '../lib/stacks/account-stack';

// What an account needs once, before `cdk bootstrap`: docs/delivery.md.
runApp((app: App) => {
  const account = accountOf(app.node.getAllContext());
  const [{ region }] = account.environments;
  // Not Kumiki-Account: a deployment may change the roles of stacks whose name begins with Kumiki-, and not those that
  // let it in.
  new AccountStack(app, 'Account', { ...account, stackName: 'KumikiAccount', env: { region } });
});
