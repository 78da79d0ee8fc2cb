import type { IncomingHttpHeaders } from 'node:http';
import { defaultTextMapGetter, ROOT_CONTEXT, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { AWSXRayPropagator } from '@opentelemetry/propagator-aws-xray';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import type { Traces } from './app';

/** Milliseconds for sending spans, attempts included. The service ends that much later while its collector is gone. */
const EXPORT_MS = 2_000;

/**
 * Sends a span for each request that belongs to a trace whose beginning decided to record it. API Gateway and Lambda decide
 * that by the sampling rules of X-Ray, and pass the decision on in `X-Amzn-Trace-Id`. So a trace is complete or does not exist,
 * and health checks have no spans.
 *
 * @param endpoint URL of a collector that receives OTLP over HTTP, such as the CloudWatch agent in the task
 * @param service name of the service in the trace map
 */
export function tracesTo(endpoint: string, service: string): Traces {
  const propagator = new AWSXRayPropagator();
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    sampler: new ParentBasedSampler({ root: new AlwaysOffSampler() }),
    // Spans are dropped while the collector does not answer. Requests never wait for it.
    spanProcessors: [
      new BatchSpanProcessor(new OTLPTraceExporter({ url: `${endpoint}/v1/traces`, timeoutMillis: EXPORT_MS })),
    ],
  });
  const tracer = provider.getTracer(service);
  return {
    begin: ({ headers, method, path, route }) => {
      const context = propagator.extract(ROOT_CONTEXT, textsOf(headers), defaultTextMapGetter);
      const attributes = { 'http.request.method': method, 'url.path': path, ...(route && { 'http.route': route }) };
      const span = tracer.startSpan(`${method} ${route ?? ''}`.trim(), { kind: SpanKind.SERVER, attributes }, context);
      return (status) => {
        span.setAttribute('http.response.status_code', status);
        if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      };
    },
    close: () => provider.shutdown(),
  };
}

/** The propagator reads texts only. */
function textsOf(headers: IncomingHttpHeaders): Record<string, string> {
  const { 'x-amzn-trace-id': trace } = headers;
  return typeof trace === 'string' ? { 'x-amzn-trace-id': trace } : {};
}
