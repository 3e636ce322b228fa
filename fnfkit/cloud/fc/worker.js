'use strict';
// The program of an instance of a Node.js function: the frames of worker.py, which starts it. Only Node's own modules.

const fs = require('fs');
const Module = require('module');
const net = require('net');
const path = require('path');
const { Readable } = require('stream');
const { pathToFileURL } = require('url');

const [requests, answers, lifeline] = process.argv.slice(2, 5).map(Number);
const STACK_FRAMES = 20;

function readExactly(count) {
  const data = Buffer.alloc(count);
  for (let at = 0; at < count; ) {
    const got = fs.readSync(requests, data, at, count - at, null);
    if (!got) return null;
    at += got;
  }
  return data;
}

function readFrame() {
  const head = readExactly(4);
  const data = head && readExactly(head.readUInt32BE(0));
  return data && JSON.parse(data.toString());
}

function writeFrame(value) {
  const body = Buffer.from(JSON.stringify(value));
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length, 0);
  const data = Buffer.concat([head, body]);
  for (let at = 0; at < data.length; ) at += fs.writeSync(answers, data, at);
}

// The context object as the Node.js runtime spells it.
function contextOf(given) {
  const keys = given.credentials || {};
  return {
    requestId: given.request_id,
    region: given.region,
    accountId: given.account_id,
    credentials: {
      accessKeyId: keys.access_key_id,
      accessKeySecret: keys.access_key_secret,
      securityToken: keys.security_token,
    },
    function: camel(given.function),
    service: { ...camel(given.service), logProject: given.service.log_project, logStore: given.service.log_store },
    logger: console,
  };
}

function camel(fields) {
  const spelt = Object.entries(fields || {}).map(([name, value]) => [
    name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase()),
    value,
  ]);
  return Object.fromEntries(spelt);
}

class ImportModuleError extends Error {}
class HandlerNotFound extends Error {}

async function load(code, handler) {
  const dot = handler.lastIndexOf('.');
  const file = path.join(code, handler.slice(0, dot));
  let found;
  try {
    found = await imported(file);
  } catch (error) {
    throw new ImportModuleError(`Unable to import module '${handler.slice(0, dot)}': ${error}`);
  }
  const name = handler.slice(dot + 1);
  const called = found[name] || (found.default && found.default[name]);
  if (typeof called !== 'function') {
    throw new HandlerNotFound(`Function '${name}' is missing in module '${handler.slice(0, dot)}'`);
  }
  return called;
}

async function imported(file) {
  if (!fs.existsSync(`${file}.js`) && fs.existsSync(`${file}.mjs`)) return import(pathToFileURL(`${file}.mjs`));
  try {
    return require(file);
  } catch (error) {
    if (error.code !== 'ERR_REQUIRE_ESM') throw error;
    return import(pathToFileURL(require.resolve(file)));
  }
}

class Handled extends Error {
  constructor(reason) {
    super('reported through the callback');
    this.reason = reason;
  }
}

// What a handler gives: through its callback, or as the promise it returns.
function given(handler, args) {
  return new Promise((resolve, reject) => {
    const callback = (error, data) => (error ? reject(new Handled(error)) : resolve(data));
    const returned = handler(...args, callback);
    if (returned && typeof returned.then === 'function') returned.then(resolve, reject);
  });
}

function bytesOf(data) {
  if (data === undefined || data === null) return Buffer.alloc(0);
  if (Buffer.isBuffer(data) || typeof data === 'string') return Buffer.from(data);
  return Buffer.from(JSON.stringify(data));
}

function served(handler, http, body, context) {
  const request = new Readable({ read() {} });
  request.push(body);
  request.push(null);
  Object.assign(request, {
    method: http.method,
    path: http.path,
    url: http.uri,
    requestURI: http.uri,
    headers: http.headers,
    queries: Object.fromEntries(new URLSearchParams(http.query)),
    clientIP: '127.0.0.1',
  });
  return new Promise((resolve, reject) => {
    const answer = { status: 200, headers: {} };
    const response = {
      setStatusCode: (status) => { answer.status = Number(status); },
      setHeader: (name, value) => { answer.headers[name] = value; },
      deleteHeader: (name) => { delete answer.headers[name]; },
      send: (data) => resolve({
        body: bytesOf(data).toString('base64'),
        http: {
          status: answer.status,
          headers: Object.entries(answer.headers).flatMap(([name, value]) => [value].flat().map((one) => [name, String(one)])),
        },
      }),
    };
    const returned = handler(request, response, context);
    if (returned && typeof returned.then === 'function') returned.catch(reject);
  });
}

function errorOf(error, code) {
  if (!(error instanceof Error)) return { errorMessage: typeof error === 'string' ? error : JSON.stringify(error) };
  const frames = String(error.stack || '').split('\n').slice(1, STACK_FRAMES + 1);
  return {
    errorMessage: error.message,
    errorType: error.constructor.name,
    stackTrace: frames.filter((frame) => !frame.includes(__filename)).map((frame) => frame.trim().split(code).join('/code')),
  };
}

async function serve(setup, state, call) {
  const context = contextOf(call.context);
  try {
    if (!state.handler) {
      const handler = await load(setup.code, setup.handler);
      if (setup.initializer) await given(await load(setup.code, setup.initializer), [context]);
      state.handler = handler;
    }
    if (call.prepare) return {};
    const event = Buffer.from(call.event, 'base64');
    if (call.http) return await served(state.handler, call.http, event, context);
    return { body: bytesOf(await given(state.handler, [event, context])).toString('base64') };
  } catch (error) {
    if (error instanceof Handled) return { error: errorOf(error.reason, setup.code), handled: true };
    return { error: errorOf(error, setup.code) };
  }
}

async function main() {
  new net.Socket({ fd: lifeline, readable: true, writable: false }).on('close', () => process.kill(0, 'SIGKILL')).resume();
  const setup = readFrame();
  if (setup === null) return process.exit(0);
  process.chdir(setup.code);
  process.env.NODE_PATH = setup.paths.flatMap((folder) => [folder, path.join(folder, 'node_modules')]).join(':');
  Module._initPaths();
  const state = { handler: null };
  for (let call = readFrame(); call !== null; call = readFrame()) {
    const answer = await serve(setup, state, call);
    writeFrame({ ...answer, memory: process.resourceUsage().maxRSS });
  }
  return process.exit(0);
}

main();
