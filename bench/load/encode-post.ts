/**
 * The bytes of a POST of JSON.
 * @throws {TypeError} for a field that HTTP does not allow
 */
export function encodePost(
  place: { readonly host: string; readonly path: string },
  request: { readonly headers: Readonly<Record<string, string>>; readonly body: Buffer },
): Buffer {
  const fields = Object.entries({
    host: place.host,
    ...request.headers,
    "content-length": String(request.body.length),
  });
  for (const [name, value] of fields) {
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
      throw new TypeError(`the header ${JSON.stringify(name)} cannot be sent: ${JSON.stringify(value)}`);
  }
  if (!/^\/[\x21-\x7e]*$/.test(place.path))
    throw new TypeError(`the path ${JSON.stringify(place.path)} cannot be sent`);
  const head = `POST ${place.path} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), request.body]);
}
