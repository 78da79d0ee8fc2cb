import { message } from '../kit/language';

/** Texts of `npm run deploy`, and those that it shares with `npm run destroy`. */
export const messages = {
  // Help
  about: message({
    en: 'Checks the account (preflight), asks once, and runs cdk deploy --all with a line for each part.\nParts that are switched off are deleted. Run it again to continue after an interruption or\na failure. The exit code is 1 if something failed or was refused, and 130 after Ctrl-C.',
    ja: 'アカウントを確認し（preflight）、1 回だけ確認を求めてから cdk deploy --all を実行する。\n部品ごとに進捗を表示する。オフにした部品は削除される。中断や失敗の後は、\nもう一度実行すると続きから再開する。失敗または拒否で終了コード 1、Ctrl-C で 130。',
  }),
  environmentFlag: message({
    en: 'environment of lib/environments.ts, such as sandbox',
    ja: 'lib/environments.ts の環境名（sandbox など）',
  }),
  regionFlag: message({
    en: 'another region than that of the environment',
    ja: '使用するリージョン（環境の設定と異なる場合）',
  }),
  contextFlag: message({
    en: 'context as for the CDK CLI, such as -c kubernetes=true; may be repeated',
    ja: 'CDK CLI と同じコンテキスト（-c kubernetes=true など、複数指定可）',
  }),
  yesFlag: message({
    en: 'does not ask; only for an environment with disposable: true',
    ja: '確認を省略する。disposable: true の環境でのみ有効',
  }),
  confirmFlag: message({
    en: 'name of the environment, instead of typing it; for CI',
    ja: '環境名を入力する代わりに指定する（CI 用）',
  }),
  skipPreflightFlag: message({
    en: 'deploys without checking the account first',
    ja: '事前のアカウント確認を省略する',
  }),
  requireApprovalFlag: message({
    en: 'the CDK CLI asks, too: any-change, broadening, destructive or never',
    ja: 'CDK CLI も確認する：any-change、broadening、destructive、never',
  }),
  expressFlag: message({
    en: 'express mode of CloudFormation; refused for a replacement or deletion',
    ja: 'CloudFormation の Express モード。置換や削除があれば拒否する',
  }),

  // Before anything is changed
  target: message({
    en: 'Environment {id}, account {account}, {region}.',
    ja: '環境 {id}、アカウント {account}、{region}。',
  }),
  preflightSkipped: message({
    en: 'Preflight was skipped: quotas, zones and left-overs are not checked, and can end the deployment after minutes.',
    ja: 'preflight を省略しました。クォータ、AZ、残存リソースは未確認のため、数分後にデプロイが失敗することがあります。',
  }),
  preflightBlocks: message({
    en: 'Preflight found what would make the deployment fail. Nothing was changed. Fix the lines above, or give --skip-preflight.',
    ja: 'preflight が、デプロイの失敗につながる問題を見つけました。何も変更していません。上の行を解決するか、--skip-preflight を指定してください。',
  }),
  preflightUnchecked: message({
    en: 'Preflight found no problem, but {missing}, and each such check blocks, too. Nothing was changed. Allow the actions in the lines "not checked" above, or try again later, or give --skip-preflight.',
    ja: 'preflight で問題は見つかりませんでしたが、{missing}。この場合もデプロイしません。何も変更していません。上の「未確認」の行のアクションを許可するか、時間をおいて再実行するか、--skip-preflight を指定してください。',
  }),
  preflightBlocksAndUnchecked: message({
    en: 'Preflight found what would make the deployment fail, and {missing}. Nothing was changed. Fix the lines above, or give --skip-preflight.',
    ja: 'preflight が、デプロイの失敗につながる問題を見つけました。また、{missing}。何も変更していません。上の行を解決するか、--skip-preflight を指定してください。',
  }),
  checkMissing: message({
    en: '1 check that must pass could not be made',
    ja: '合格が必要な項目のうち 1 件を確認できませんでした',
  }),
  checksMissing: message({
    en: '{number} checks that must pass could not be made',
    ja: '合格が必要な項目のうち {number} 件を確認できませんでした',
  }),
  alsoMissing: message({
    en: '{checks} (of those that only warn, {number} could not, either)',
    ja: '{checks}（警告のみの項目も {number} 件が未確認）',
  }),
  synthesisFailed: message({
    en: 'The app could not be synthesized, and nothing was changed: {reason}',
    ja: 'アプリを合成できませんでした。何も変更していません：{reason}',
  }),
  stillBusy: message({
    en: 'AWS is still busy with {stack} ({status}), from an earlier run or another person. The CDK CLI waits until that ends.',
    ja: '{stack} はまだ AWS で処理中です（{status}）。以前の実行か、別の人の操作によるものです。CDK CLI は終わるまで待ちます。',
  }),
  createdAgain: message({
    en: '{stack} is in {status}, because an earlier attempt to create it failed. The CDK CLI deletes the stack and creates it again.',
    ja: '{stack} は、以前の作成に失敗したため {status} です。CDK CLI がスタックを削除して作り直します。',
  }),
  notInApp: message({
    en: '{stack} exists, but this configuration no longer has it: it stays and costs money. npm run destroy deletes it with the environment.',
    ja: '{stack} は存在しますが、この構成にはもう含まれません。残って料金がかかり続けます。npm run destroy が環境と一緒に削除します。',
  }),
  deletesPart: message({
    en: '{stack} is deployed and now switched off, so this deployment deletes it.',
    ja: '{stack} はデプロイ済みですがオフになったため、このデプロイで削除されます。',
  }),
  stuck: message({
    en: '{stack} is in {status}, and no deployment can change it. Nothing was changed. {wayOut}',
    ja: '{stack} は {status} のため、デプロイできません。何も変更していません。{wayOut}',
  }),
  rollBackFirst: message({
    en: 'First run: npx cdk rollback {displayName} {context}',
    ja: '先に次を実行してください：npx cdk rollback {displayName} {context}',
  }),
  destroyFirst: message({
    en: 'First run: npm run destroy -- --environment {id}{flags}',
    ja: '先に次を実行してください：npm run destroy -- --environment {id}{flags}',
  }),
  expressNotDisposable: message({
    en: '--express: needs an environment with disposable: true, but {id} has false, because express mode does not wait until resources are ready. Leave --express out.',
    ja: '--express：disposable: true の環境が必要ですが、{id} は false です。Express モードはリソースの準備完了を待ちません。--express を外してください。',
  }),
  expressReplaces: message({
    en: '--express: this deployment replaces or deletes a resource. Nothing was changed. Leave --express out. {reason}',
    ja: '--express：このデプロイはリソースを置換または削除します。何も変更していません。--express を外してください。{reason}',
  }),
  badApproval: message({
    en: '--require-approval: must be one of {known}, got "{value}".',
    ja: '--require-approval：{known} のいずれかを指定してください（指定された値："{value}"）。',
  }),

  // The question
  question: message({
    en: 'Deploy {number} stacks? They cost money until npm run destroy has ended.',
    ja: '{number} 個のスタックをデプロイしますか？npm run destroy が終わるまで料金がかかります。',
  }),
  questionOfOne: message({
    en: 'Deploy 1 stack? It costs money until npm run destroy has ended.',
    ja: '1 個のスタックをデプロイしますか？npm run destroy が終わるまで料金がかかります。',
  }),
  typeName: message({
    en: 'This environment is not disposable. Type its name, {id}, to go on:',
    ja: 'この環境は disposable: true ではありません。続けるには環境名 {id} を入力してください：',
  }),
  notConfirmed: message({
    en: 'Not confirmed. Nothing was changed.',
    ja: '確認されませんでした。何も変更していません。',
  }),
  noTerminal: message({
    en: 'There is no terminal to ask on. Nothing was changed. Give --yes.',
    ja: '確認を表示できるターミナルがありません。何も変更していません。--yes を指定してください。',
  }),
  nameNeeded: message({
    en: '{id} is not disposable, so --yes is not enough. Nothing was changed. Give --confirm {id}.',
    ja: '{id} は disposable: true ではないため、--yes だけでは実行できません。何も変更していません。--confirm {id} を指定してください。',
  }),
  otherName: message({
    en: '--confirm: must be the name of the environment, {id}, got "{given}". Nothing was changed.',
    ja: '--confirm：環境名 {id} を指定してください（指定された値："{given}"）。何も変更していません。',
  }),

  // Progress
  cacheTime: message({
    en: 'AWS documents up to 4 min for the stage cache and a few for the VPC link',
    ja: 'AWS のドキュメントでは、ステージキャッシュに最大 4 分、VPC リンクに数分',
  }),
  vpcLinkTime: message({
    en: 'AWS documents a few min for the VPC link',
    ja: 'AWS のドキュメントでは、VPC リンクに数分',
  }),
  clusterTime: message({
    en: 'AWS documents several min for a new cluster',
    ja: 'AWS のドキュメントでは、新しいクラスターに数分',
  }),
  noTime: message({ en: 'AWS documents no time', ja: '所要時間は AWS のドキュメントに記載なし' }),
  begins: message({ en: '  {part}: {number} of {all}, {time}', ja: '  {part}：{number}/{all}、{time}' }),
  ended: message({ en: '  {part}: done after {elapsed}', ja: '  {part}：完了（{elapsed}）' }),
  unchanged: message({ en: '  {part}: no changes', ja: '  {part}：変更なし' }),
  deleting: message({ en: '  {part}: is off, and is being deleted', ja: '  {part}：オフのため削除中' }),
  still: message({
    en: '  {elapsed}: still busy with {parts}',
    ja: '  {elapsed}経過：{parts} を処理中',
  }),
  seconds: message({ en: '{seconds} s', ja: '{seconds} 秒' }),
  minutes: message({ en: '{minutes} min {seconds} s', ja: '{minutes} 分 {seconds} 秒' }),
  deployed: message({
    en: 'Deployed after {elapsed}. Check it: npm run verify -- --environment {id} --region {region}',
    ja: 'デプロイが完了しました（{elapsed}）。確認：npm run verify -- --environment {id} --region {region}',
  }),

  notDeleted: message({
    en: 'CloudFormation could not delete {resource} ({type}), which belongs to no stack any more. Delete it, if it is an alarm: npm run sweep -- --environment {id} --region {region} --delete',
    ja: 'CloudFormation が {resource}（{type}）を削除できず、どのスタックにも属さなくなりました。アラームであれば、次のコマンドで削除してください：npm run sweep -- --environment {id} --region {region} --delete',
  }),

  // Failures
  failed: message({
    en: '{stack} failed: {resource} ({type}), {status}: {reason}',
    ja: '{stack} が失敗しました：{resource}（{type}）、{status}：{reason}',
  }),
  failedInCli: message({ en: 'The CDK CLI failed: {reason}', ja: 'CDK CLI が失敗しました：{reason}' }),
  failedAtOneOf: message({
    en: 'The CDK CLI failed at one of {stacks}: {reason}',
    ja: '{stacks} のいずれかで CDK CLI が失敗しました：{reason}',
  }),
  failedAt: message({
    en: 'The CDK CLI failed at {stacks}: {reason}',
    ja: '{stacks} で CDK CLI が失敗しました：{reason}',
  }),
  notBootstrapped: message({
    en: 'This account is not bootstrapped in this region, or its bootstrap stack is incomplete: {reason} Way out: run {command} once, and then the same command again.',
    ja: 'このアカウントはこのリージョンでブートストラップされていないか、ブートストラップスタックが不完全です：{reason} 対処：次を一度実行してから、同じコマンドをもう一度実行してください：{command}',
  }),
  wayOut: message({
    en: 'Way out: fix the cause and run the same command again. Finished parts stay as they are.',
    ja: '対処：原因を解決し、同じコマンドをもう一度実行してください。完了した部品はそのままです。',
  }),
  // The CLI calls the command unstable, and wants the flag for it.
  diagnose: message({
    en: 'Details: npx cdk diagnose {displayName} --unstable=diagnose {context}',
    ja: '詳細：npx cdk diagnose {displayName} --unstable=diagnose {context}',
  }),
  again: message({
    en: 'AWS finishes what it has begun. Then run the same command again to continue.',
    ja: '開始済みの処理は AWS が最後まで実行します。その後、同じコマンドをもう一度実行すると続きから再開します。',
  }),

  // Ctrl-C
  interruptedBefore: message({
    en: 'Interrupted. Nothing was changed.',
    ja: '中断しました。何も変更していません。',
  }),
  interrupted: message({
    en: 'Interrupted. {state} Run the same command again to continue: {command}',
    ja: '中断しました。{state}続けるには同じコマンドをもう一度実行してください：{command}',
  }),
  busyWith: message({ en: 'AWS goes on with {stacks}.', ja: '{stacks} の処理は AWS で続きます。' }),
  onlyChangeSet: message({
    en: 'AWS showed only a change set of {stacks} (REVIEW_IN_PROGRESS), and no resource yet.',
    ja: '{stacks} は変更セットだけで（REVIEW_IN_PROGRESS）、リソースはまだありません。',
  }),
  mayBeDeployed: message({
    en: '{parts} may still be deployed: AWS showed no change yet.',
    ja: '{parts} はこの後 AWS でデプロイされる可能性があります（変更はまだ見えていません）。',
  }),
  mayBeDeleted: message({
    en: '{parts} may still be deleted: AWS showed no change yet.',
    ja: '{parts} はこの後 AWS で削除される可能性があります（変更はまだ見えていません）。',
  }),
  mayGetChangeSet: message({
    en: 'A change set of {parts} may still be created, which changes no resource.',
    ja: '{parts} の変更セットがこの後作成される可能性がありますが、リソースは変更されません。',
  }),
  beforeFirstPart: message({
    en: 'No part had begun, and no resource was changed.',
    ja: '最初の部品の処理を始める前だったため、リソースは変更していません。',
  }),
  betweenParts: message({
    en: 'That was between two parts: AWS is busy with none of them.',
    ja: '部品と部品の間だったため、AWS で処理中のものはありません。',
  }),
  noneBusy: message({
    en: 'AWS showed no stack in progress, but a request may have been under way.',
    ja: 'AWS で処理中のスタックは見えませんでしたが、リクエストが送信済みの可能性があります。',
  }),
  interruptedUnknown: message({
    en: 'Interrupted. AWS finishes what it has begun; what that is could not be asked ({reason}). Run the same command again to continue: {command}',
    ja: '中断しました。開始済みの処理は AWS が最後まで実行しますが、状況は確認できませんでした（{reason}）。続けるには同じコマンドをもう一度実行してください：{command}',
  }),
};
