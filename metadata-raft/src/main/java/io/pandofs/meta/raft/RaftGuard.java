package io.pandofs.meta.raft;

import io.pandofs.common.LimitedLog;
import io.pandofs.common.NodeId;
import io.pandofs.common.identity.PeerName;
import io.pandofs.common.identity.PeerTrust;
import io.pandofs.common.time.SystemClock;
import java.security.cert.X509Certificate;
import java.util.EnumSet;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.grpc.GrpcConfigKeys;
import org.apache.ratis.grpc.GrpcTlsConfig;
import org.apache.ratis.grpc.server.GrpcServices;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotRequestProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.ReadIndexRequestProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteRequestProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionRequestProto;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.thirdparty.io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import org.apache.ratis.thirdparty.io.grpc.Grpc;
import org.apache.ratis.thirdparty.io.grpc.Metadata;
import org.apache.ratis.thirdparty.io.grpc.ServerCall;
import org.apache.ratis.thirdparty.io.grpc.ServerCallHandler;
import org.apache.ratis.thirdparty.io.grpc.ServerInterceptor;
import org.apache.ratis.thirdparty.io.grpc.Status;
import org.apache.ratis.thirdparty.io.grpc.netty.GrpcSslContexts;
import org.apache.ratis.thirdparty.io.grpc.netty.NettyServerBuilder;
import org.apache.ratis.thirdparty.io.netty.handler.ssl.ClientAuth;
import org.apache.ratis.thirdparty.io.netty.handler.ssl.SslContext;
import org.apache.ratis.thirdparty.io.netty.handler.ssl.SslContextBuilder;
import org.apache.ratis.thirdparty.io.netty.handler.ssl.SslProvider;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Guards the Raft port: TLS 1.3 with certificates of this cluster where nodes have them, Raft's own
 * messages and no others, each by the node whose certificate the connection shows and for this
 * node. The last matters without encryption too: an answer by another node than the one asked would
 * count its vote twice.
 */
final class RaftGuard implements ServerInterceptor {
  private static final Logger LOG = LoggerFactory.getLogger(RaftGuard.class);
  private static final String SERVICE = "ratis.grpc.RaftServerProtocolService";
  private static final int HANDSHAKE_SECONDS = 5;

  private final ByteString self;
  private final boolean secured;
  private final LimitedLog refusals = new LimitedLog(LOG, new SystemClock());

  private RaftGuard(NodeId self, boolean secured) {
    this.self = RatisNode.peerId(self).toByteString();
    this.secured = secured;
  }

  /** What the Raft server of this node is to be made with. */
  static Parameters parameters(NodeId self, @Nullable NodeSecurity security) {
    Parameters parameters = new Parameters();
    RaftGuard guard = new RaftGuard(self, security != null);
    if (security != null) {
      PeerTrust trust =
          PeerTrust.members(
              security.keyring(),
              security.admission(),
              reason -> guard.refusals.warn("refusing to speak Raft to who answers: " + reason));
      GrpcTlsConfig tls = new GrpcTlsConfig(security.keyring().keyManager(), trust, true);
      GrpcConfigKeys.TLS.setConf(parameters, tls);
      GrpcConfigKeys.Server.setTlsConf(parameters, tls);
      GrpcConfigKeys.Client.setTlsConf(parameters, tls);
      GrpcConfigKeys.Admin.setTlsConf(parameters, tls);
      GrpcConfigKeys.Server.setServicesCustomizer(
          parameters, (builder, types) -> guard.secure(builder, types, security));
    } else {
      GrpcConfigKeys.Server.setServicesCustomizer(
          parameters, (builder, types) -> builder.intercept(guard));
    }
    return parameters;
  }

  private NettyServerBuilder secure(
      NettyServerBuilder builder, EnumSet<GrpcServices.Type> types, NodeSecurity security) {
    LOG.debug("the Raft port serves {}", types);
    try {
      SslContext tls =
          GrpcSslContexts.configure(
                  SslContextBuilder.forServer(security.keyring().keyManager())
                      .trustManager(PeerTrust.members(security.keyring(), security.admission()))
                      .clientAuth(ClientAuth.REQUIRE)
                      .protocols("TLSv1.3"),
                  SslProvider.OPENSSL)
              .build();
      return builder
          .protocolNegotiator(new RaftDoor(tls, refusals))
          .handshakeTimeout(HANDSHAKE_SECONDS, TimeUnit.SECONDS)
          .intercept(this);
    } catch (SSLException e) {
      throw new IllegalStateException("this machine cannot do TLS 1.3", e);
    }
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    if (!SERVICE.equals(call.getMethodDescriptor().getServiceName())) {
      return refuse(call, "it asks for " + call.getMethodDescriptor().getFullMethodName());
    }
    NodeId shown = null;
    if (secured) {
      shown = shown(call);
      if (shown == null) {
        return refuse(call, "it shows no certificate");
      }
    }
    ByteString sender = shown == null ? null : RatisNode.peerId(shown).toByteString();
    return new SimpleForwardingServerCallListener<>(next.startCall(call, headers)) {
      private boolean refused;

      @Override
      public void onMessage(Q message) {
        String why = refused ? "" : objection(message, sender);
        if (why == null) {
          super.onMessage(message);
        } else if (!refused) {
          refused = true;
          refuse(call, why);
        }
      }

      @Override
      public void onHalfClose() {
        if (!refused) {
          super.onHalfClose();
        }
      }
    };
  }

  private <Q, A> ServerCall.Listener<Q> refuse(ServerCall<Q, A> call, String why) {
    Object from = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
    refusals.warn("refusing a Raft call from " + from + ": " + why);
    call.close(Status.PERMISSION_DENIED.withDescription(why), new Metadata());
    return new ServerCall.Listener<>() {};
  }

  private static @Nullable NodeId shown(ServerCall<?, ?> call) {
    SSLSession session = call.getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION);
    try {
      if (session != null
          && session.getPeerCertificates()[0] instanceof X509Certificate certificate) {
        PeerName name = PeerName.of(certificate);
        return name == null ? null : name.node();
      }
      return null;
    } catch (SSLPeerUnverifiedException e) {
      return null;
    }
  }

  /** What is wrong with a message; null if nothing is. */
  private @Nullable String objection(Object message, @Nullable ByteString sender) {
    RaftRpcRequestProto request = request(message);
    if (request == null) {
      return "a message of an unknown kind";
    }
    if (!request.getReplyId().equals(self)) {
      return "its message is for " + request.getReplyId().toStringUtf8();
    }
    if (sender != null && !request.getRequestorId().equals(sender)) {
      return "its message is by "
          + request.getRequestorId().toStringUtf8()
          + ", its certificate that of "
          + sender.toStringUtf8();
    }
    return null;
  }

  private static @Nullable RaftRpcRequestProto request(Object message) {
    if (message instanceof AppendEntriesRequestProto append) {
      return append.getServerRequest();
    } else if (message instanceof RequestVoteRequestProto vote) {
      return vote.getServerRequest();
    } else if (message instanceof InstallSnapshotRequestProto install) {
      return install.getServerRequest();
    } else if (message instanceof ReadIndexRequestProto read) {
      return read.getServerRequest();
    } else if (message instanceof StartLeaderElectionRequestProto start) {
      return start.getServerRequest();
    }
    return null;
  }
}
