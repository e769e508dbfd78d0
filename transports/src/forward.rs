//! Reading and writing by tokio's traits, handed on to a field as they are.

/// Makes a type read as one of its fields does: the parameters of the `impl`, the type, and the field.
macro_rules! forward_reads {
    ([$($parameters:tt)*] $end:ty, $($field:ident).+) => {
        impl<$($parameters)*> tokio::io::AsyncRead for $end {
            fn poll_read(
                mut self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                to: &mut tokio::io::ReadBuf<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                let field = std::pin::Pin::new(&mut self.$($field).+);
                tokio::io::AsyncRead::poll_read(field, cx, to)
            }
        }
    };
}

pub(crate) use forward_reads;

/// Makes a type write as one of its fields does: the parameters of the `impl`, the type, and the field.
macro_rules! forward_writes {
    ([$($parameters:tt)*] $end:ty, $($field:ident).+) => {
        impl<$($parameters)*> tokio::io::AsyncWrite for $end {
            fn poll_write(
                mut self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                from: &[u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                let field = std::pin::Pin::new(&mut self.$($field).+);
                tokio::io::AsyncWrite::poll_write(field, cx, from)
            }

            fn poll_write_vectored(
                mut self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                from: &[std::io::IoSlice<'_>],
            ) -> std::task::Poll<std::io::Result<usize>> {
                let field = std::pin::Pin::new(&mut self.$($field).+);
                tokio::io::AsyncWrite::poll_write_vectored(field, cx, from)
            }

            fn is_write_vectored(&self) -> bool {
                tokio::io::AsyncWrite::is_write_vectored(&self.$($field).+)
            }

            fn poll_flush(
                mut self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                let field = std::pin::Pin::new(&mut self.$($field).+);
                tokio::io::AsyncWrite::poll_flush(field, cx)
            }

            fn poll_shutdown(
                mut self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                let field = std::pin::Pin::new(&mut self.$($field).+);
                tokio::io::AsyncWrite::poll_shutdown(field, cx)
            }
        }
    };
}

pub(crate) use forward_writes;
