import { message } from '../../ops/kit/language';

/** Texts of `npm start` and `npm run deploy:local`. */
export const messages = {
  // Help
  startAbout: message({
    en: 'Deploys the environment local to an AWS-compatible endpoint on this machine, sends requests to it,\nand prints a table of verdicts. Needs no AWS account and no Docker. Without AWS_ENDPOINT_URL it\ninstalls and starts the endpoint itself. The exit code is 1 if a check fails. Ctrl-C ends it.',
    ja: '環境 local をこのマシン上の AWS 互換エンドポイントにデプロイし、リクエストを送って判定の表を\n出力する。AWS アカウントも Docker も不要。AWS_ENDPOINT_URL がなければ、エンドポイントの\nインストールと起動も行う。失敗した項目があれば終了コードは 1。Ctrl-C ですべて終了する。',
  }),
  onceFlag: message({
    en: 'destroys after the table, checks that nothing is left, and ends',
    ja: '表の出力後に削除し、何も残っていないことを確認して終了する',
  }),
  connectionsFlag: message({
    en: 'WebSocket connections for the count of ticks, 1 to 500; without it 10',
    ja: 'ティックを数える WebSocket の接続数（1～500）。省略時は 10',
  }),
  contextFlag: message({
    en: 'context as for cdk deploy, such as -c capacity=ec2; may be repeated',
    ja: 'cdk deploy と同じコンテキスト（-c capacity=ec2 など、複数指定可）',
  }),
  redeployAbout: message({
    en: 'Deploys the current code into the running npm start, with the same -c. Run it in another terminal.',
    ja: '実行中の npm start に、起動時と同じ -c で現在のコードをデプロイする。別のターミナルで実行する。',
  }),

  // Steps
  title: message({ en: 'Kumiki, environment local\n', ja: 'Kumiki（環境：local）\n' }),
  endpoint: message({ en: 'endpoint', ja: 'エンドポイント' }),
  emulator: message({ en: 'emulator', ja: 'エミュレーター' }),
  synthesis: message({ en: 'synthesis', ja: '合成' }),
  bootstrap: message({ en: 'bootstrap', ja: 'ブートストラップ' }),
  deployment: message({ en: 'deployment', ja: 'デプロイ' }),
  destruction: message({ en: 'destroyed', ja: 'スタックの削除' }),
  leftOvers: message({ en: 'left over', ja: '残存リソース' }),
  nothingLeft: message({ en: 'nothing, by the lists of npm run sweep', ja: 'なし（npm run sweep の一覧で確認）' }),
  somethingLeft: message({ en: 'more than npm run sweep expects', ja: 'あり' }),
  container: message({ en: 'container', ja: 'コンテナ' }),
  deployed: message({ en: 'deployed', ja: 'デプロイ完了' }),
  stacks: message({ en: '{number} stacks', ja: '{number} スタック' }),
  resources: message({ en: '{number} resources', ja: '{number} リソース' }),
  noChanges: message({ en: 'no changes', ja: '変更なし' }),
  registered: message({ en: 'registered', ja: '登録済み' }),
  restarted: message({ en: 'restarted', ja: '再起動済み' }),
  installing: message({
    en: '  Installing the emulator into {folder}. This happens once and takes a while.',
    ja: '  エミュレーターを {folder} にインストールしています。初回だけで、しばらくかかります。',
  }),
  quiet: message({
    en: '  No output for {seconds} s: see {log}',
    ja: '  {seconds} 秒間出力がありません。ログ：{log}',
  }),
  standIns: message({
    en: '\n  {number} resources of {types} types are stand-ins, because the endpoint does not know these types:\n  lab/local/stand-ins.ts lists the types with their reasons.\n',
    ja: '\n  エンドポイントが対応していない {types} タイプのリソース {number} 個は、ダミーの代替リソースです。\n  タイプの一覧と理由は lab/local/stand-ins.ts にあります。\n',
  }),

  // Next steps.
  webSocketApi: message({ en: 'WebSocket API', ja: 'WebSocket API の接続先' }),
  signedInQuery: message({
    en: '{url}, signed in the query (docs/websocket.md)',
    ja: '{url}（クエリに署名、docs/websocket.ja.md）',
  }),
  learn: message({ en: 'Learn step by step', ja: '実験しながら学ぶ' }),
  endpointAt: message({ en: 'Endpoint', ja: 'エンドポイント' }),
  deployChanged: message({ en: 'Deploy changed code', ja: '変更したコードをデプロイ' }),
  tableAgain: message({ en: 'The table again, without stand-ins', ja: '表をもう一度（代替リソースの行を除く）' }),
  end: message({ en: 'End', ja: '終了' }),

  // Phases, for the messages of an interruption
  starting: message({ en: 'starting', ja: '起動' }),
  installingEmulator: message({ en: 'installing the emulator', ja: 'エミュレーターのインストール' }),
  startingEmulator: message({ en: 'starting the emulator', ja: 'エミュレーターの起動' }),
  asking: message({ en: 'asking the endpoint for its stacks', ja: 'エンドポイントへのスタックの問い合わせ' }),
  synthesizing: message({ en: 'synthesizing', ja: '合成（synth）' }),
  deploying: message({ en: 'deploying', ja: 'デプロイ' }),
  startingService: message({ en: 'starting the container service', ja: 'コンテナサービスの起動' }),
  sending: message({ en: 'sending requests', ja: 'リクエストの送信' }),
  destroying: message({ en: 'destroying', ja: 'スタックの削除' }),
  serving: message({ en: 'serving', ja: '待ち受け' }),
  registering: message({ en: 'registering the container service', ja: 'コンテナサービスの登録' }),

  // Ends
  ended: message({
    en: 'All processes of this command have ended.',
    ja: 'このコマンドのプロセスはすべて終了しました。',
  }),
  endedWhile: message({
    en: 'All processes of this command have ended. Interrupted while {phase}. To begin again: npm start',
    ja: '{phase}中に中断されました。このコマンドのプロセスはすべて終了しました。最初からやり直すには：npm start',
  }),
  interrupted: message({
    en: 'Interrupted while {phase}. Run the same command again to continue: npm run deploy:local',
    ja: '{phase}中に中断されました。続けるには同じコマンドをもう一度実行してください：npm run deploy:local',
  }),
  npmEnded: message({
    en: 'npm has ended, and with it all processes of this command.',
    ja: 'npm が終了したため、このコマンドのプロセスもすべて終了しました。',
  }),
  startEnded: message({
    en: 'npm start has ended while {phase}, and its endpoint with it. Start it again: npm start',
    ja: '{phase}中に npm start が終了し、エンドポイントも停止しました。もう一度起動してください：npm start',
  }),
  emulatorEnded: message({
    en: 'The emulator ended (exit code {code}) while {phase}. Log: {log}',
    ja: '{phase}中にエミュレーターが終了しました（終了コード {code}）。ログ：{log}',
  }),
  serviceEnded: message({
    en: 'The container service ended (exit code {code}) while {phase}. Log: {log}',
    ja: '{phase}中にコンテナサービスが終了しました（終了コード {code}）。ログ：{log}',
  }),
  endpointLost: message({
    en: 'The endpoint {url} no longer answers, while {phase}.{hint}',
    ja: '{phase}中に、エンドポイント {url} が応答しなくなりました。{hint}',
  }),
  logHint: message({ en: ' Log: {log}', ja: 'ログ：{log}' }),
  previousServes: message({
    en: '{problem}\nThe previous container service still runs.',
    ja: '{problem}\n以前のコンテナサービスは動き続けています。',
  }),

  // Other runs
  runningAlready: message({
    en: 'Kumiki is running already{where} (process {pid}). Use it (npm run deploy:local deploys changed code), or end it with Ctrl-C there or `kill {pid}`.',
    ja: 'Kumiki はすでに動いています（{where}プロセス {pid}）。そのまま使うか（変更したコードは npm run deploy:local でデプロイ）、そのターミナルの Ctrl-C または `kill {pid}` で終了してください。',
  }),
  at: message({ en: ' at {endpoint}', ja: '{endpoint}、' }),
  stillDeploying: message({
    en: 'npm start is still deploying. Wait for its table and try again.',
    ja: 'npm start はまだデプロイ中です。表が出力されてから再実行してください。',
  }),
  notRunning: message({
    en: 'Nothing is running. Run npm start first, in another terminal.',
    ja: '何も動いていません。先に別のターミナルで npm start を実行してください。',
  }),
  otherDeployment: message({
    en: 'Another deployment of changed code is running (process {pid}). Wait for its end.',
    ja: '変更したコードの別のデプロイが実行中です（プロセス {pid}）。終わるまで待ってください。',
  }),
  notRegistered: message({
    en: 'The container service was not registered. See the terminal of npm start.',
    ja: 'コンテナサービスが登録されませんでした。npm start のターミナルを確認してください。',
  }),
  otherTarget: message({
    en: '{key}: npm start deploys to {only}, got "{value}". Leave it out, or deploy to AWS: npx cdk deploy --all -c {key}={value}',
    ja: '{key}：npm start のデプロイ先は {only} だけです（指定された値："{value}"）。指定を外すか、AWS にデプロイしてください：npx cdk deploy --all -c {key}={value}',
  }),

  // Failures
  diskFull: message({
    en: 'The {step} failed: no space is left on the disk. Free some space and start again. Log: {log}',
    ja: '{step}に失敗しました。ディスクの空き容量がありません。空き容量を確保して再実行してください。ログ：{log}',
  }),
  stepFailed: message({
    en: 'The {step} failed. From {log}:\n{lines}',
    ja: '{step}に失敗しました。{log} より：\n{lines}',
  }),
  emulatorNotStarted: message({
    en: 'The emulator did not start: {problem}. Log: {log}',
    ja: 'エミュレーターを起動できませんでした：{problem}。ログ：{log}',
  }),
  endedWithCode: message({ en: 'it ended with exit code {code}', ja: '終了コード {code} で終了' }),
  noAnswerWithin: message({ en: 'it did not answer within {seconds} s', ja: '{seconds} 秒以内に応答なし' }),
  serviceEndedEarly: message({
    en: 'The container service ended with exit code {code}. Log: {log}',
    ja: 'コンテナサービスが終了コード {code} で終了しました。ログ：{log}',
  }),
  serviceNotReady: message({
    en: 'The container service did not become ready. Log: {log}',
    ja: 'コンテナサービスの準備が完了しませんでした。ログ：{log}',
  }),
  noPython: message({
    en: 'Python: neither uv nor a python3 of {oldest} or newer was found. Install one (https://docs.astral.sh/uv; apt install python3 python3-venv; brew install python) and start again.',
    ja: 'Python：uv も {oldest} 以降の python3 も見つかりません。いずれかをインストールして（https://docs.astral.sh/uv、apt install python3 python3-venv、brew install python）再実行してください。',
  }),
  noVenv: message({
    en: 'Python: {python} has no venv module. Install it (apt install python3-venv) or uv, and start again.',
    ja: 'Python：{python} に venv モジュールがありません。venv（apt install python3-venv）または uv をインストールして再実行してください。',
  }),
  pythonDiskFull: message({
    en: 'Python: no space is left for the emulator (about 150 MB). Free some space and start again.',
    ja: 'Python：エミュレーター用の空き容量（約 150 MB）がありません。空き容量を確保して再実行してください。',
  }),
  exitCode: message({ en: 'exit code {code}', ja: '終了コード {code}' }),
  notInstalled: message({
    en: 'Python: the emulator could not be installed: {reason} (log: {log}). Check the network, and the settings of pip and uv for a proxy or an index, then start again.',
    ja: 'Python：エミュレーターをインストールできませんでした：{reason}（ログ：{log}）。ネットワークと、pip や uv のプロキシ・インデックスの設定を確認して再実行してください。',
  }),

  // The row about stand-ins
  standInsNeeded: message({ en: 'every stand-in is still needed', ja: 'ダミーの代替リソースはすべて今も必要' }),
  standInsNotNeeded: message({
    en: 'the endpoint accepts these now, remove them from lab/local/stand-ins.ts: {types}',
    ja: 'エンドポイントが対応したため、lab/local/stand-ins.ts から削除してください：{types}',
  }),
};
