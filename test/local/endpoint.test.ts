import { checkEndpoint } from '../../local/endpoint';

test('says in one line that nothing answers, or that an endpoint is not a URL', async () => {
  await expect(checkEndpoint('http://127.0.0.1:9')).rejects.toThrow(
    'nothing answers at http://127.0.0.1:9. Start it, or unset AWS_ENDPOINT_URL',
  );
  await expect(checkEndpoint('localhost')).rejects.toThrow('"localhost" is not a URL');
});
