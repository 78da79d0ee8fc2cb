import { message } from '../kit/language';

/** Texts of `npm run destroy`. */
export const messages = {
  // Help
  about: message({
    en: 'Deletes all stacks of an environment in the right order, also those of parts that are switched\noff or no longer in the configuration. Says what is lost, and asks once. Deletes the network\ninterfaces of the functions as soon as Lambda releases them. Run it again to continue after an\ninterruption.\n\nParts: {parts}',
    ja: '環境のすべてのスタックを正しい順序で削除する。オフにした部品や、構成に含まれなくなった部品も対象。\n失われるものを表示し、1 回だけ確認する。関数のネットワークインターフェイスは\nLambda が解放し次第削除する。中断の後は、もう一度実行すると続きから再開する。\n\n部品：{parts}',
  }),
  yesFlag: message({
    en: 'does not ask; only for an environment with disposable: true',
    ja: '確認を省略する。disposable: true の環境でのみ有効',
  }),
  partFlag: message({
    en: 'deletes only this one of the parts above, which has to be off',
    ja: '上の部品のうち、指定した 1 つだけを削除する（先にオフにしておく）',
  }),

  // Before anything is deleted
  unknownPart: message({
    en: '--part: "{part}" is not an optional part. Give one of {known}.',
    ja: '--part："{part}" はオフにできる部品ではありません。{known} のいずれかを指定してください。',
  }),
  partIsOn: message({
    en: '--part: {part} is still on in {id}, and the next deployment would create it again. Nothing was deleted. First {switchOff}',
    ja: '--part：{part} は {id} でまだオンのため、次のデプロイで作り直されます。何も削除していません。先に{switchOff}',
  }),
  budgetIsOn: message({
    en: '--part: alarms is off in {id}, but the stack of this part, Operations, also has the budget. Nothing was deleted. The next deployment deletes the alarms. To delete the stack, also remove budget from {id} in lib/environments.ts.',
    ja: '--part：{id} の alarms はオフですが、この部品のスタック Operations には budget もあります。何も削除していません。アラームは次のデプロイで削除されます。スタックも削除するには、lib/environments.ts の {id} から budget も外してください。',
  }),
  switchOff: message({
    en: 'switch {part} off in lib/environments.ts.',
    ja: ' lib/environments.ts で {part} をオフにしてください。',
  }),
  switchOffKubernetes: message({
    en: 'set kubernetes.enabled to false in lib/environments.ts, and leave out -c kubernetes=true, also in cdk.json.',
    ja: ' lib/environments.ts の kubernetes.enabled を false にし、-c kubernetes=true を外してください（cdk.json も確認）。',
  }),
  nothing: message({
    en: 'No stack {stacks} exists in {region}, account {account}. If you deployed to another region, give --region.',
    ja: '{region}、アカウント {account} に {stacks} というスタックはありません。別のリージョンにデプロイした場合は --region を指定してください。',
  }),
  protectedStacks: message({
    en: '{stacks}: termination protection is on. Nothing was deleted. To switch it off for each of them: aws cloudformation update-termination-protection --no-enable-termination-protection --region {region} --stack-name {first}',
    ja: '{stacks}：削除保護が有効です。何も削除していません。それぞれ次のコマンドで無効にしてください：aws cloudformation update-termination-protection --no-enable-termination-protection --region {region} --stack-name {first}',
  }),
  inDeployment: message({
    en: '{stack} is in {status}: somebody deploys it at this moment. Nothing was deleted. Run the command again when that has ended.',
    ja: '{stack} は {status} で、現在デプロイ中です。何も削除していません。終わってからもう一度実行してください。',
  }),

  // What is lost
  stacks: message({ en: 'Stacks to delete: {stacks}', ja: '削除するスタック：{stacks}' }),
  notInApp: message({
    en: '{stack} (no longer in the configuration)',
    ja: '{stack}（構成に含まれない）',
  }),
  lost: message({ en: 'Lost with its data: {resources}', ja: 'データごと失われるもの：{resources}' }),
  lostLogs: message({
    en: 'Lost with its data: log groups ({number})',
    ja: 'データごと失われるもの：ロググループ {number} 個',
  }),
  nothingLost: message({
    en: 'No table, repository, bucket or log group is deleted.',
    ja: 'テーブル、リポジトリ、バケット、ロググループは削除されません。',
  }),
  kept: message({
    en: 'Stays, and goes on costing money: {resources}',
    ja: '残り、料金がかかり続けるもの：{resources}',
  }),
  keptLogs: message({
    en: 'Stays, and is billed by the stored amount: log groups ({number})',
    ja: '残り、保存量に応じて課金されるもの：ロググループ {number} 個',
  }),
  table: message({ en: 'table {name}', ja: 'テーブル {name}' }),
  repository: message({ en: 'repository {name} with its images', ja: 'リポジトリ {name}（イメージを含む）' }),
  bucket: message({ en: 'bucket {name}', ja: 'バケット {name}' }),
  key: message({ en: 'key {name}', ja: 'キー {name}' }),
  questionOfOne: message({
    en: 'Delete 1 stack of {id}? This cannot be undone.',
    ja: '{id} の 1 個のスタックを削除しますか？元に戻せません。',
  }),
  question: message({
    en: 'Delete {number} stacks of {id}? This cannot be undone.',
    ja: '{id} の {number} 個のスタックを削除しますか？元に戻せません。',
  }),

  // Progress
  detaching: message({
    en: '  Function: takes {functions} out of the VPC, so that Lambda releases the network interfaces',
    ja: '  Function：{functions} を VPC から切り離し、ネットワークインターフェイスを解放させます',
  }),
  notDetached: message({
    en: '  Function: {function} stays in the VPC until it is deleted ({reason})',
    ja: '  Function：{function} は削除されるまで VPC に残ります（{reason}）',
  }),
  begins: message({ en: '  {part}: deleting', ja: '  {part}：削除中' }),
  ended: message({ en: '  {part}: deleted after {elapsed}', ja: '  {part}：削除済み（{elapsed}）' }),
  still: message({
    en: '  {elapsed}: still deleting {parts}; {interfaces} network interfaces of Lambda are left',
    ja: '  {elapsed}経過：{parts} を削除中。Lambda のネットワークインターフェイスは残り {interfaces} 個',
  }),
  interfaceDeleted: message({
    en: '  {id}: network interface deleted, which Lambda had released',
    ja: '  {id}：Lambda が解放したネットワークインターフェイスを削除しました',
  }),
  again: message({
    en: '  {part}: {reason}. Tries again, because the network interface in the way may be gone by now',
    ja: '  {part}：{reason}。妨げていたネットワークインターフェイスが削除された可能性があるため、再試行します',
  }),
  interfacesDenied: message({
    en: 'Network interfaces are left to Lambda, which can take 20 minutes and more: {reason}',
    ja: 'ネットワークインターフェイスの削除は Lambda に任せます（20 分以上かかることがあります）：{reason}',
  }),
  done: message({
    en: 'Deleted after {elapsed}. What may be left: npm run sweep -- --environment {id} --region {region}',
    ja: '削除が完了しました（{elapsed}）。残っているものの確認：npm run sweep -- --environment {id} --region {region}',
  }),
  donePart: message({
    en: 'Deleted after {elapsed}: {part}. The other parts were not touched.',
    ja: '{part} の削除が完了しました（{elapsed}）。ほかの部品は変更していません。',
  }),

  // Failures
  remains: message({
    en: '{stacks} still exist, and CloudFormation names no resource that failed',
    ja: '{stacks} が残っていますが、CloudFormation に失敗したリソースの記録はありません',
  }),
  blockedBy: message({
    en: 'Network interfaces that use it: {interfaces}',
    ja: '使用中のネットワークインターフェイス：{interfaces}',
  }),
  wayOut: message({
    en: 'Way out: delete what blocks it, and run the same command again: what is deleted stays deleted, and the rest is tried again.',
    ja: '対処：妨げになっているものを削除し、同じコマンドをもう一度実行してください。削除済みのものはそのままで、残りを再試行します。',
  }),

  // Ctrl-C
  detached: message({
    en: 'The functions of the stack Function have left the VPC. To keep the environment instead, run: npx cdk deploy --all --revert-drift {context}',
    ja: 'スタック Function の関数は VPC から切り離されています。環境を残す場合は次を実行してください：npx cdk deploy --all --revert-drift {context}',
  }),
};
