// A small hub on 127.0.0.1 that speaks the parts of the Hugging Face API that a download uses: a real server for the real client.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HubRepository {
  readonly id: string;
  readonly commit: string;
  readonly files: Readonly<Record<string, Buffer>>;
}

/** How the next answers go wrong. */
export interface Troubles {
  /** Status for everything about the repository. */
  status?: number;
  /** A file whose connection breaks after some bytes, once. */
  cut?: { readonly file: string; readonly after: number };
  /** A file whose bytes arrive changed. */
  damaged?: string;
  /** The server sends whole files whatever range is asked for. */
  ignoreRanges?: boolean;
}

export interface HubServer {
  readonly endpoint: string;
  /** `METHOD path range`, in order. */
  readonly requests: string[];
  /** Authorization headers seen by the API and by the storage that large files are redirected to. */
  readonly tokens: { api: Set<string>; storage: Set<string> };
  readonly troubles: Troubles;
  close(): Promise<void>;
}

/** Files over this size are "large": listed with their sha256 and redirected to another origin. */
const largeFrom = 1000;
const pageSize = 3;

export async function startHub(repository: HubRepository): Promise<HubServer> {
  const requests: string[] = [];
  const tokens = { api: new Set<string>(), storage: new Set<string>() };
  const troubles: Troubles = {};
  const storage = await listen((request, response) => {
    tokens.storage.add(request.headers.authorization ?? '');
    sendFile(decodeURIComponent(request.url!.slice(1)), request, response);
  });
  const hub = await listen((request, response) => {
    const url = new URL(request.url!, 'http://hub');
    requests.push([request.method, url.pathname, request.headers.range].filter(Boolean).join(' '));
    tokens.api.add(request.headers.authorization ?? '');
    if (troubles.status !== undefined) {
      sendJson(response, { error: 'no' }, troubles.status);
      return;
    }
    const { id, commit } = repository;
    const path = decodeURIComponent(url.pathname);
    const revision = new RegExp(`^/api/models/${id}/revision/(main|v1|${commit})$`).test(path);
    if (revision) {
      sendJson(response, { _id: '1', id, sha: commit, lastModified: '2024-01-01', private: false });
      return;
    }
    if (path === `/api/models/${id}/tree/${commit}`) {
      sendTree(url, response);
      return;
    }
    const prefix = `/${id}/resolve/${commit}/`;
    if (!path.startsWith(prefix)) {
      sendJson(response, { error: 'Repository not found' }, 404);
      return;
    }
    const name = path.slice(prefix.length);
    if ((repository.files[name]?.length ?? 0) <= largeFrom) {
      sendFile(name, request, response);
      return;
    }
    response.writeHead(302, { Location: `${storage.origin}/${encodeURIComponent(name)}` }).end();
  });

  function sendTree(url: URL, response: ServerResponse): void {
    const start = Number(url.searchParams.get('cursor') ?? 0);
    const names = Object.keys(repository.files);
    if (start + pageSize < names.length) {
      url.searchParams.set('cursor', String(start + pageSize));
      response.setHeader('Link', `<${hub.origin}${url.pathname}${url.search}>; rel="next"`);
    }
    sendJson(response, names.slice(start, start + pageSize).map(describeFile));
  }

  function describeFile(path: string) {
    const bytes = repository.files[path]!;
    const large = bytes.length > largeFrom;
    const content = large ? Buffer.from(`pointer of ${path}`) : bytes;
    const oid = createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return {
      type: 'file',
      path,
      size: bytes.length,
      oid,
      ...(large && { lfs: { oid: sha256, size: bytes.length, pointerSize: 134 } }),
    };
  }

  function sendFile(name: string, request: IncomingMessage, response: ServerResponse): void {
    const whole = repository.files[name];
    if (!whole) {
      sendJson(response, { error: 'Entry not found' }, 404);
      return;
    }
    const range = troubles.ignoreRanges ? undefined : /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
    const start = Number(range ?? 0);
    const bytes = Buffer.from(whole.subarray(start));
    if (troubles.damaged === name) bytes[0]! ^= 1;
    const headers = {
      'Content-Length': bytes.length,
      ...(range && { 'Content-Range': `bytes ${start}-${whole.length - 1}/${whole.length}` }),
    };
    response.writeHead(range === undefined ? 200 : 206, headers);
    const { cut } = troubles;
    if (cut?.file !== name) return void response.end(bytes);
    delete troubles.cut;
    response.write(bytes.subarray(0, cut.after), () => setImmediate(() => response.destroy()));
  }

  return {
    endpoint: hub.origin,
    requests,
    tokens,
    troubles,
    close: async () => {
      await Promise.all([hub.close(), storage.close()]);
    },
  };
}

function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
}

async function listen(handler: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(handler);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}
