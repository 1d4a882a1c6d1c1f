// Where the bundle of a worker thread lies.
import { existsSync } from 'node:fs';

/** `dist/<name>.js`, seen from a bundle, from a bundle's chunk, or from the sources when tests run them. */
export function workerFile(name: string): URL {
  const places = [`./${name}.js`, `../${name}.js`, `../../dist/${name}.js`];
  const found = places.map((place) => new URL(place, import.meta.url)).find((url) => existsSync(url));
  if (!found) throw new Error(`dist/${name}.js is missing: run npm run build`);
  return found;
}
