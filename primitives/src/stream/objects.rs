//! The receiving end of any object stream, as a stream of futures.

use super::ObjectReceive;
use futures::{Stream, stream};

/// Makes a [`Stream`] of the receiving end of an object stream, whatever carries the objects.
///
/// It gives what `recv` gives: objects, or an error, unchanged, after which it ends as it does at the end
/// of the object stream. Pin it, or box it, to poll it. A memory stream's end is a [`Stream`] by itself.
///
/// # Cancel safety
///
/// A `next` that is dropped loses nothing: the receive it waited for is kept, and goes on with the next
/// one. Dropping the stream drops that receive and the receiving end.
///
/// # Examples
///
/// ```
/// use arbour_primitives::stream::{memory_stream, merge, objects};
/// use futures::StreamExt;
///
/// # futures::executor::block_on(async {
/// let ((tx, rx), (_idle, other)) = (memory_stream(1), memory_stream(1));
/// tx.send("object").await.unwrap();
/// let mut merged = merge([rx, other].map(|end| Box::pin(objects(end))));
/// assert_eq!(merged.next().await, Some(Ok("object")));
/// # });
/// ```
pub fn objects<T, R: ObjectReceive<T>>(from: R) -> impl Stream<Item = Result<T, R::Error>> {
    stream::unfold(Some(from), async |from| {
        let mut from = from?;
        match from.recv().await {
            Ok(object) => object.map(|object| (Ok(object), Some(from))),
            Err(error) => Some((Err(error), None)),
        }
    })
}
