import { message } from '../kit/language';

/** Texts of `npm run preflight`. */
export const messages = {
  // Help
  about: message({
    en: 'Asks the account for what makes a deployment fail after minutes and roll back: zones, quotas, the\nrole for API Gateway logs. Changes nothing. Give the same -c as to cdk deploy. The exit code is 1\nif a check fails or could not be made.',
    ja: 'デプロイが数分後に失敗してロールバックする原因（AZ、クォータ、API Gateway のログ用ロール）を、\n事前にアカウントへ問い合わせて確認する。何も変更しない。-c には cdk deploy と同じ値を指定する。\n失敗または未確認の項目があれば終了コードは 1。',
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
    en: 'context as for cdk deploy, such as -c kubernetes=true; may be repeated',
    ja: 'cdk deploy と同じコンテキスト（-c kubernetes=true など、複数指定可）',
  }),

  // Lines
  heading: message({ en: 'Environment {id} in {region}:', ja: '環境 {id}（{region}）：' }),
  line: message({ en: '{check}: {says}.', ja: '{check}：{says}。' }),
  sentences: message({ en: '. ', ja: '。' }),
  reasons: message({ en: '; ', ja: '；' }),

  // Verdicts
  pass: message({ en: 'pass', ja: '合格' }),
  warning: message({ en: 'warning', ja: '警告' }),
  problem: message({ en: 'problem', ja: '問題あり' }),
  'not checked': message({ en: 'not checked', ja: '未確認' }),

  // Checks
  zones: message({ en: 'Zones', ja: 'アベイラビリティーゾーン' }),
  image: message({ en: 'Image', ja: 'イメージ' }),
  concurrency: message({ en: 'Lambda concurrency', ja: 'Lambda の同時実行数' }),
  logs: message({ en: 'API Gateway logs', ja: 'API Gateway のログ' }),
  vcpus: message({ en: 'EC2 vCPUs', ja: 'EC2 の vCPU' }),
  switchedOff: message({ en: 'Switched off', ja: '無効にした部分' }),
  noAnswer: message({
    en: 'the account did not answer: {reason}',
    ja: 'アカウントから応答がありません：{reason}',
  }),

  // Lambda concurrency
  nothingProvisioned: message({
    en: 'no concurrency is provisioned',
    ja: 'プロビジョニング済み同時実行は使われていません',
  }),
  tooLittleConcurrency: message({
    en: '{provisioned} provisioned and {kept} unreserved executions exceed the {unreserved} of the account. Request more (Service Quotas, Lambda, "Concurrent executions"), or lower provisionedConcurrency in lib/environments.ts',
    ja: 'プロビジョニング済み同時実行 {provisioned} と、未予約で残す必要がある {kept} の合計が、アカウントの {unreserved} を超えます。クォータの引き上げを申請するか（Service Quotas、Lambda、"Concurrent executions"）、lib/environments.ts の provisionedConcurrency を下げてください',
  }),
  enoughConcurrency: message({
    en: 'room for {provisioned} provisioned: {unreserved} are not reserved. Subtract the provisioned concurrency of other functions',
    ja: 'プロビジョニング済み同時実行 {provisioned} に対し、未予約は {unreserved} です。ほかの関数のプロビジョニング済み同時実行は、ここから差し引いてください',
  }),

  // The role for the logs of API Gateway
  roleIs: message({ en: '{arn}', ja: 'ロールは {arn} です' }),
  createsRole: message({ en: 'this deployment creates the role', ja: 'このデプロイがロールを作成します' }),
  replacesRole: message({
    en: 'this deployment replaces the role of {owner}, {arn}',
    ja: 'このデプロイが {owner} のロール（{arn}）を置き換えます',
  }),
  wouldReplaceRole: message({
    en: 'the account has a role, {arn}, which this deployment would replace. An account has only one: set restApi.ownsApiAccount to false in lib/environments.ts',
    ja: 'アカウントにはすでにロール {arn} があり、このデプロイはそれを置き換えてしまいます。ロールはアカウントに 1 つしか設定できません。lib/environments.ts の restApi.ownsApiAccount を false にしてください',
  }),
  roleIsGone: message({
    en: 'the account names the role {arn}, which no longer exists',
    ja: 'アカウントに設定されたロール {arn} はもう存在せず',
  }),
  noRole: message({
    en: 'the account has no role for API Gateway logs',
    ja: 'アカウントには API Gateway のログ用ロールがなく',
  }),
  needsRole: message({
    en: '{why}, and this environment does not create one. Set restApi.ownsApiAccount to true in lib/environments.ts, or have the owner of the account run aws apigateway update-account',
    ja: '{why}、この環境もロールを作成しません。lib/environments.ts の restApi.ownsApiAccount を true にするか、アカウントの管理者に aws apigateway update-account の実行を依頼してください',
  }),
  disposableRole: message({
    en: 'the role, {arn}, belongs to the disposable environment {owner}. When {owner} is destroyed, logs stop without an error. Set restApi.ownsApiAccount to true here and to false in {owner}',
    ja: 'ロール {arn} は、削除される前提の環境 {owner} のものです。{owner} を削除すると、エラーなしにログが止まります。restApi.ownsApiAccount をこの環境では true、{owner} では false にしてください',
  }),
  roleNotAllowed: message({
    en: 'these credentials do not allow iam:GetRole on {arn}',
    ja: 'この認証情報では {arn} に対する iam:GetRole が許可されていません',
  }),

  // Zones
  vpcLinks: message({ en: 'VPC links V2', ja: 'VPC リンク V2' }),
  controlPlanes: message({ en: 'control planes of EKS', ja: 'EKS のコントロールプレーン' }),
  and: message({ en: ' and ', ja: ' と ' }),
  andNo: message({ en: ' and no ', ja: ' と ' }),
  available: message({ en: '{where}: {parts} are available', ja: '{where}：{parts} を使えます' }),
  zoneIs: message({ en: '{name} is {id}', ja: '{name} は {id}' }),
  zoneLacks: message({ en: '{name} is {id}, which has no {lack}', ja: '{name} は {id} で、{lack} がありません' }),
  noZone: message({
    en: 'the account has no zone {name} ({others})',
    ja: 'アカウントに AZ {name} がありません（使えるのは {others}）',
  }),
  tooFewZones: message({
    en: 'Only {found} of the {needed} zones that are needed have them: choose another region',
    ja: '必要な AZ は {needed} 個ですが、使えるのは {found} 個だけです。別のリージョンを選んでください',
  }),
  addFlags: message({
    en: 'Add to each cdk command: {flags}',
    ja: '各 cdk コマンドに {flags} を付けてください',
  }),
  subnetLacks: message({
    en: '{subnet} is in {id}, which has no {lack}',
    ja: '{subnet} は {id} にあり、{lack} がありません',
  }),
  otherSubnets: message({
    en: 'Name other subnets in network.existing',
    ja: 'network.existing に別のサブネットを指定してください',
  }),
  subnetsIn: message({ en: 'the subnets are in {ids}', ja: 'サブネットの AZ は {ids}' }),
  noVpcLinks: message({
    en: 'AWS listed no VPC links V2 in {region} when lib/zones.ts was written, so the APIs would not reach the containers. See docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-vpc-links-v2.html, Availability by Region',
    ja: 'lib/zones.ts を書いた時点で、{region} は VPC リンク V2 の対応リージョンの一覧になく、API からコンテナへ到達できません。docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-vpc-links-v2.html の Availability by Region を参照してください',
  }),

  // Image
  nothingBuilt: message({
    en: 'nothing is built, because every image is given by its digest',
    ja: 'すべてのイメージがダイジェストで指定されているため、ビルドはありません',
  }),
  buildsOnArm: message({
    en: 'CodeBuild builds ARM images in {region}',
    ja: '{region} の CodeBuild で ARM イメージをビルドできます',
  }),
  armNotDocumented: message({
    en: 'AWS does not document ARM builds of CodeBuild in {region}. If they fail, build the image in another region and promote it by digest (docs/decisions/0004-image-built-in-the-account.md)',
    ja: '{region} の CodeBuild での ARM ビルドは、AWS のドキュメントに記載がありません。失敗する場合は、別のリージョンでビルドしたイメージをダイジェストで指定してください（docs/decisions/0004-image-built-in-the-account.md）',
  }),

  // vCPUs
  natInstance: message({ en: 'NAT instance', ja: 'NAT インスタンス' }),
  nodes: message({
    en: '{nodes} nodes, and {more} more during an update',
    ja: 'ノード {nodes} 台、更新中はさらに {more} 台',
  }),
  containerInstances: message({ en: '{number} container instances', ja: 'コンテナインスタンス {number} 台' }),
  noVcpus: message({
    en: 'EC2 returned no vCPUs for {type} in {region}.',
    ja: '{region} の {type} の vCPU 数を EC2 が返しませんでした。',
  }),
  mostVcpus: message({ en: 'at most {most} ({parts})', ja: '最大 {most}（{parts}）' }),
  enoughVcpus: message({
    en: '{quota}: {what} of the {value} vCPUs that all instances of the account share',
    ja: '{quota}：アカウント全体で共有する {value} vCPU のうち、{what} を使います',
  }),
  tooFewVcpus: message({
    en: '{quota}: the quota is {value} vCPUs, but this environment takes {what}. {when}Request more: {command}',
    ja: '{quota}：クォータは {value} vCPU ですが、この環境は {what} を使います。{when}クォータの引き上げを申請してください：{command}',
  }),
  alreadyTakes: message({
    en: 'The first deployment already takes {start}. ',
    ja: '最初のデプロイだけで {start} になります。',
  }),
  noQuota: message({
    en: 'Service Quotas returned no value for {code} of ec2.',
    ja: 'Service Quotas が ec2 の {code} の値を返しませんでした。',
  }),
  unknownType: message({
    en: '@aws-sdk/client-ec2 does not know the instance type {type}. Install a newer version of the package.',
    ja: '@aws-sdk/client-ec2 にインスタンスタイプ {type} がありません。新しいバージョンのパッケージをインストールしてください。',
  }),

  // Parts that are switched off
  keepKubernetes: message({
    en: 'add -c kubernetes=true to each command, or write "kubernetes": true into the context of cdk.json',
    ja: '各コマンドに -c kubernetes=true を付けるか、cdk.json の context に "kubernetes": true と書いてください',
  }),
  keep: message({
    en: 'set {property} in lib/environments.ts',
    ja: 'lib/environments.ts で {property} を設定してください',
  }),
  leftOver: message({
    en: '{stack} is deployed, but {property} is off, so cdk deploy deletes the stack. To keep it, {keep}',
    ja: '{stack} はデプロイ済みですが {property} が無効のため、cdk deploy がスタックを削除します。残す場合は、{keep}',
  }),
};
