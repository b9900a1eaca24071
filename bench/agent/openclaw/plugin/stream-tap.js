/**
 * Watches the events of one model stream and hands over what the model really wrote: OpenClaw keeps tool arguments only
 * as parsed objects, where `2.0` is 2. The iterator is replaced in place on OpenClaw's own stream object, because other
 * wrappers of OpenClaw do the same and a proxy around it recurses for ever.
 *
 * @param {AsyncIterable<object>} stream
 * @param {{answered(answer: object): void, failed(message: string, aborted: boolean): void}} observer
 */
export function tapped(stream, observer) {
  const iterate = stream[Symbol.asyncIterator].bind(stream);
  const see = recorder(observer);
  stream[Symbol.asyncIterator] = () => {
    const inner = iterate();
    return {
      async next() {
        const step = await inner.next();
        if (!step.done) see(step.value);
        return step;
      },
      return: inner.return?.bind(inner),
      throw: inner.throw?.bind(inner),
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  };
  return stream;
}

function recorder(observer) {
  const rawArguments = [];
  let text = "";
  return (event) => {
    if (event.type === "text_delta") text += event.delta;
    else if (event.type === "toolcall_delta") {
      rawArguments[event.contentIndex] = (rawArguments[event.contentIndex] ?? "") + event.delta;
    } else if (event.type === "done") observer.answered(answerOf(event.message, text, rawArguments));
    else if (event.type === "error") {
      observer.failed(event.error?.errorMessage ?? "the model stream failed", event.reason === "aborted");
    }
  };
}

function answerOf(message, text, rawArguments) {
  const calls = message.content.flatMap((block, index) => {
    if (block.type !== "toolCall") return [];
    const raw = rawArguments[index];
    return [
      {
        id: block.id,
        name: block.name,
        arguments: raw ?? JSON.stringify(block.arguments),
        exact: raw !== undefined,
      },
    ];
  });
  return { text, calls };
}
